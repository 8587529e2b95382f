"""What buyers come back for: their orders and their account."""
