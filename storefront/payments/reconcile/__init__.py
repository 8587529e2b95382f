"""Reconciliation: compares our rows with Stripe, and repairs what no event told us."""
