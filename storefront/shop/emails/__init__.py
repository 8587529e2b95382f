"""What the owner says in the shop's emails, in place of the shop's own words."""
