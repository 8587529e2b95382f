"""A self-hosted shop for files and license keys."""

import gc

# Importing makes some hundred thousand objects, and they stay: looking through them for garbage after each 700 new
# ones, as Python does by itself, took a fifth of every start.
gc.set_threshold(50_000, 10, 10)
