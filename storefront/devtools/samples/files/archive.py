"""Zip archives with fixed dates, so that the same content is the same SHA-256."""

import io
import zipfile
from collections.abc import Mapping

LONG_AGO = (2026, 1, 1, 0, 0, 0)


def make_zip(members: Mapping[str, bytes], *, stored: frozenset[str] = frozenset()) -> bytes:
    """`stored` names the members that must not be compressed."""
    output = io.BytesIO()
    with zipfile.ZipFile(output, "w") as archive:
        for name, content in members.items():
            entry = zipfile.ZipInfo(name, LONG_AGO)
            entry.compress_type = zipfile.ZIP_STORED if name in stored else zipfile.ZIP_DEFLATED
            entry.external_attr = (0o755 if name.endswith(".py") else 0o644) << 16
            archive.writestr(entry, content)
    return output.getvalue()
