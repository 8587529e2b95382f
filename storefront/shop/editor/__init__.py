"""What an owner changes of products: made, written, renamed, priced, published and retired."""
