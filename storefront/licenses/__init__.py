"""License keys."""
