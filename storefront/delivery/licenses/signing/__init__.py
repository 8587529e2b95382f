"""Signed license files for offline use: keys, files, revocations."""
