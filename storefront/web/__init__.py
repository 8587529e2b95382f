"""What every request and answer has: bounds of bodies, hosts, headers, sessions, CSRF, limits, error pages."""
