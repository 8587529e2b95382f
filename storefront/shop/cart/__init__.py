"""The cart: a list of prices and quantities in the session cookie."""
