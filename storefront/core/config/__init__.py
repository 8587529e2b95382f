"""Settings of the shop: `settings.py` reads them all, the files beside it check single ones, a file a group."""
