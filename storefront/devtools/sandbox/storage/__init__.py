"""What the sandbox remembers: its database, the objects in it, and the unit of work that changes them."""
