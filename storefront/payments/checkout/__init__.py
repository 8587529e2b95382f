"""From a cart to Stripe's form and back: start, form page, return page."""
