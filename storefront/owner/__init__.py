"""What only the owner sees: everything known of an order, and the shop's health."""
