"""`/_sandbox/…`: what no Stripe has, for tests and for the control page."""
