"""Tax as Stripe Tax would compute it, from a small table: places, rates, tax ids and what falls on a line."""
