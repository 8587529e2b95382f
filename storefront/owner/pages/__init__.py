"""What the owner's pages show of the shop's pages."""
