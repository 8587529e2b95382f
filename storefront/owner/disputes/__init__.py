"""Answering disputes: what our rows know as evidence, edited by the owner, and sent to Stripe once."""
