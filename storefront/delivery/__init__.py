"""What buyers get: license keys and downloads."""
