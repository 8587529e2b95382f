"""Draws the pictures of the sample shop. They are kept in its folder; nothing that runs needs this.

`python -m storefront.devtools.samples.drawings` draws them anew. It takes the DejaVu fonts of the machine.
"""
