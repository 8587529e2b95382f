"""What everything stands on: settings, database, queue, files, clock, money, errors. Knows nothing of shops."""
