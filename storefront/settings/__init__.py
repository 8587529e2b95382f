"""The checks of single settings, for `config.py`: a file a group of them."""
