"""A self-hosted shop for files and license keys."""
