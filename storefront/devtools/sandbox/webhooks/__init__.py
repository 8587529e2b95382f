"""Signed webhooks: what is due, how it is signed, who sends it."""
