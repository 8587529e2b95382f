"""The only door to Stripe: calls, lists, and what Stripe said as dataclasses."""
