"""A shop as a folder of files: written, read, compared with the shop, and brought into it whole or not at all."""
