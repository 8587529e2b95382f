"""What the shop is called, what it says of itself, and how to write to it: the owner's words, with no restart."""
