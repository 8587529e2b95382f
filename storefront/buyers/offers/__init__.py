"""News and offers by email: who agrees where, and how it ends."""
