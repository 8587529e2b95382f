"""What was bought: orders, their items and what each of them granted."""
