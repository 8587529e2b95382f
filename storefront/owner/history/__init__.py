"""An order as its owner sees it: everything that is known of it, from every package."""
