"""Prepared answers to what buyers ask for again and again: the shop's own, and those of the owner."""
