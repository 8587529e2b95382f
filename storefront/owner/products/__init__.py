"""What the owner's pages show of products, with what was sold of them."""
