"""Links that lead straight to the payment of one thing, from wherever they stand."""
