"""Discounts that the owner makes: a code, what it takes off, and for which orders."""
