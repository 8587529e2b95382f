"""Turning a paid Checkout Session into what was bought."""
