"""The products a new shop starts with, to look at and to buy."""
