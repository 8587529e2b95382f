"""A buyer's own data: change of address, export, erasing, signed-in browsers."""
