"""One email when a product that cannot be bought now can be: who asked for it, who confirmed it, when it left."""
