"""What a customer owns: an order's own page."""
