"""Checkout Sessions: lines, totals, rules, completion."""
