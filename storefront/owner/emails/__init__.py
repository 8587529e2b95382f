"""What the pages of the shop's emails show: their words, samples of them, and tests to oneself."""
