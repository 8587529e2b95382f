"""Emails we promised: stored with their cause, rendered when sent."""
