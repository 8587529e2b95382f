"""What is sold, and what lowers its price: products, prices, coupons and promotion codes."""
