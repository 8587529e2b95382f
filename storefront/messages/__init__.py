"""What every email says."""
