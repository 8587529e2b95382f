"""What buyers look at before they pay: the catalog and the cart."""
