"""Versions and names of files that are new here: the rules have grown, and what the shop has is let be."""

from storefront.shop.catalog.file_names import FileNameRefused, check_path_part
from storefront.shop.files.folder import Folder
from storefront.shop.files.objects import Objects, Ref


def check_new_name(folder: Folder, ref: Ref, shop: Objects, *, name: str, words: str = "") -> None:
    """Add a mistake, after these words, for a name that no path should carry, of a thing that the shop has not."""
    if ref in shop:
        return
    try:
        check_path_part(name)
    except FileNameRefused as refused:
        folder.wrong(ref, "", f"{words}{refused}")
