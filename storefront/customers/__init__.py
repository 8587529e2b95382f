"""An email address that bought."""
