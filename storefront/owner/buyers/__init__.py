"""One buyer as an owner sees them: what belongs to an address, and what the person may ask for."""
