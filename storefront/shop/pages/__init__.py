"""Pages that an owner writes: imprint, terms, privacy, refunds, and whatever else a shop has to say."""
