"""What tus 1.0 says in headers (https://tus.io/protocols/resumable-upload): read and written here."""

import base64
import binascii
from typing import Any

from flask import Response, g, request
from werkzeug.http import http_date

from storefront.core.errors import StorefrontError
from storefront.owner.uploads.queries import ListedUpload
from storefront.owner.uploads.start import MOST_BYTES, Announced

VERSION = "1.0.0"
EXTENSIONS = "creation,termination,expiration"
OFFSET_TYPE = "application/offset+octet-stream"
LARGEST = 2**53  # what a browser counts exactly


class OtherVersion(StorefrontError):
    code = "other_tus_version"
    status = 412
    title = "This program speaks another version of tus"


class BadUploadRequest(StorefrontError):
    code = "bad_upload_request"
    title = "Something was wrong with that request"


class NotOffsetBytes(StorefrontError):
    code = "not_offset_bytes"
    status = 415


def demand_version() -> None:
    """Raises OtherVersion."""
    if request.headers.get("Tus-Resumable") != VERSION:
        raise OtherVersion(f"Say Tus-Resumable: {VERSION}.")


def read_offset() -> int:
    """Raises NotOffsetBytes, BadUploadRequest."""
    if request.mimetype != OFFSET_TYPE:
        raise NotOffsetBytes(f"Send the bytes as {OFFSET_TYPE}.")
    return _number("Upload-Offset")


def read_announced() -> Announced:
    """Raises BadUploadRequest: a header is missing, or is none."""
    fields = _read_metadata(request.headers.get("Upload-Metadata", ""))
    missing = [name for name in ("product", "version", "filename") if not fields.get(name)]
    if missing:
        raise BadUploadRequest(f"Upload-Metadata lacks {', '.join(missing)}.")
    modified = fields.get("modified", "")
    return Announced(
        slug=fields["product"],
        version=fields["version"],
        filename=fields["filename"],
        size_bytes=_number("Upload-Length"),
        modified_ms=int(modified) if _is_number(modified) else None,
    )


def _number(name: str) -> int:
    sent = request.headers.get(name, "")
    if not _is_number(sent):
        raise BadUploadRequest(f"{name} must be a number of bytes.")
    return int(sent)


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) < 17 and int(text) <= LARGEST


def _read_metadata(header: str) -> dict[str, str]:
    """Pairs of a name and a Base64 value; a name alone has an empty one."""
    fields: dict[str, str] = {}
    for pair in filter(None, map(str.strip, header.split(","))):
        name, _, value = pair.partition(" ")
        try:
            fields[name] = base64.b64decode(value.strip(), validate=True).decode()
        except (binascii.Error, UnicodeDecodeError) as error:
            raise BadUploadRequest(f"{name[:40]} of Upload-Metadata is no Base64 of UTF-8.") from error
    return fields


def state_headers(upload: ListedUpload) -> dict[str, str]:
    return {
        "Upload-Offset": str(upload.offset_bytes),
        "Upload-Length": str(upload.size_bytes),
        "Upload-Expires": http_date(upload.expires_at),
        "Cache-Control": "no-store",
    }


def state_json(upload: ListedUpload, *, is_storing: bool = False) -> dict[str, Any]:
    """Return an upload as the page's script reads it."""
    return {
        "url": f"/admin/uploads/{upload.token}",
        "version": upload.version,
        "filename": upload.filename,
        "size": upload.size_bytes,
        "offset": upload.offset_bytes,
        "modified": upload.modified_ms,
        "state": "storing" if is_storing else upload.state.value,
        "reason": upload.reason,
    }


def add_protocol_headers(response: Response) -> Response:
    """On every answer of these addresses, refusals included."""
    response.headers["Tus-Resumable"] = VERSION
    if request.method == "OPTIONS" or response.status_code == OtherVersion.status:
        response.headers["Tus-Version"] = VERSION
    if request.method == "OPTIONS":
        response.headers["Tus-Extension"] = EXTENSIONS
    if request.method == "OPTIONS" or response.status_code == 413:
        response.headers["Tus-Max-Size"] = str(MOST_BYTES)
    if "upload_offset" in g:
        response.headers.setdefault("Upload-Offset", str(g.upload_offset))
    return response
