"""The largest number of a row: what is above it names none, and some databases refuse to look for it."""

LARGEST = 2**31 - 1  # of PostgreSQL's integer
