"""Orders as a list: searched, filtered, a page at a time, as fast for a million as for ten."""
