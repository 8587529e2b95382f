"""File sizes for people: decimal units, as file managers show them."""


def format_size(size_bytes: int) -> str:
    """`format_size(1_400_000)` is `1.4 MB`."""
    if size_bytes < 1000:
        return f"{size_bytes} bytes"
    size, unit = size_bytes / 1000, "KB"
    for larger in ("MB", "GB"):
        if size >= 999.5:
            size, unit = size / 1000, larger
    return f"{size:.1f} {unit}" if size < 9.95 else f"{size:.0f} {unit}"
