"""What is sold: products, prices, releases, and their mirrors at Stripe."""
