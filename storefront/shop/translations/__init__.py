"""The owner's texts in the other languages of the shop: how pages read them, and how they are written."""
