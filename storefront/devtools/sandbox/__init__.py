"""A local stand-in for Stripe: API, Checkout page, signed webhooks. Imports nothing of the shop."""
