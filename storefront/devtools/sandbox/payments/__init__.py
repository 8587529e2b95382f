"""Payments: test instruments, PaymentIntents, charges, settlement, completion."""
