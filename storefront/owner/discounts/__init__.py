"""What the owner sees of discounts."""
