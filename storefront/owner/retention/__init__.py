"""How long rows are kept that only grow: rules by setting, and forgetting what is past them."""
