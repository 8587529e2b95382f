"""The API: from an HTTP request to Stripe's JSON, whatever the resource."""
