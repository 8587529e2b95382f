"""Checkouts that were left: found in what Stripe says of expired Sessions, asked about before an email leaves."""
