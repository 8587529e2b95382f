"""Pools of imported license keys: files of keys, what is in stock, backorders."""
