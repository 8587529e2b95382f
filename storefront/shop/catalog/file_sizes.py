"""File sizes for people: decimal units, as file managers show them."""

from storefront.core.languages import Language, current_language, show_unit

NAMES = {"KB": "digital-kilobyte", "MB": "digital-megabyte", "GB": "digital-gigabyte"}  # of CLDR


def format_size(size_bytes: int) -> str:
    """`format_size(1_400_000)` is `1.4 MB`: for owners, who read English."""
    if size_bytes < 1000:
        return f"{size_bytes} bytes"
    size, unit = _scaled(size_bytes)
    return f"{size:.1f} {unit}" if size < 9.95 else f"{size:.0f} {unit}"


def show_size(size_bytes: int) -> str:
    """`show_size(1_400_000)` is `1,4 MB` in German, and `1,4 Mo` in French."""
    if current_language() is Language.ENGLISH:
        return format_size(size_bytes)
    if size_bytes < 1000:
        return show_unit(size_bytes, "digital-byte", pattern="0", length="long")
    size, unit = _scaled(size_bytes)
    return show_unit(size, NAMES[unit], pattern="0.0" if size < 9.95 else "0")


def _scaled(size_bytes: int) -> tuple[float, str]:
    size, unit = size_bytes / 1000, "KB"
    for larger in ("MB", "GB"):
        if size >= 999.5:
            size, unit = size / 1000, larger
    return size, unit
