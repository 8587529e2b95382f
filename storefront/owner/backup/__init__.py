"""Backups of the whole shop, encrypted with a key that only the owner holds, and the way back from them."""
