"""Stripe's webhook deliveries: record, look again, answer."""
