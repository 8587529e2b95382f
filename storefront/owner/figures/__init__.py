"""Figures of the shop by day, in its own time zone: sales, what became of them, and what Stripe booked."""
