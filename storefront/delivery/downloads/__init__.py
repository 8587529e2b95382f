"""Files a buyer may take away: links, storage, and the check at the click."""
