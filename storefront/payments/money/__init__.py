"""What Stripe booked and paid out, taken in as rows: fees, settlement, payouts."""
