"""Stripe's webhook deliveries: look again, keep what came of it, answer."""
