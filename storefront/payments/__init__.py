"""From the cart to a paid and fulfilled order, and the checks that none is missed."""
