"""Bringing the database to the schema of the code: what it will do, whether it may, one at a time."""
