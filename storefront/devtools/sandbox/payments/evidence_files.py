"""Files that speak for the merchant: what Stripe takes, and how much of it together.

https://docs.stripe.com/file-upload, https://docs.stripe.com/disputes/responding
"""

from storefront.devtools.sandbox.api.errors import invalid, no_such
from storefront.devtools.sandbox.storage.records import Json
from storefront.devtools.sandbox.storage.unit_of_work import UnitOfWork

PURPOSE = "dispute_evidence"
MOST_BYTES = 5 * 1024 * 1024  # of one file
MOST_BYTES_TOGETHER = 4_500_000
FILE_KEYS = (
    "cancellation_policy",
    "customer_communication",
    "customer_signature",
    "duplicate_charge_documentation",
    "receipt",
    "refund_policy",
    "service_documentation",
    "shipping_documentation",
    "uncategorized_file",
)
_SIGNS = {b"%PDF-": "pdf", b"\x89PNG\r\n\x1a\n": "png", b"\xff\xd8\xff": "jpg"}


def kind_of(content: bytes) -> str:
    """Return `pdf`, `png` or `jpg` by the first bytes, whatever the file is called."""
    for sign, kind in _SIGNS.items():
        if content.startswith(sign):
            return kind
    raise invalid("Invalid file type: evidence is a PDF, PNG or JPEG.", param="file")


def check_files(work: UnitOfWork, evidence: Json) -> None:
    """Refuse ids of no such file, and files that are too large together."""
    sizes = [_size_of(work, name, evidence[name]) for name in FILE_KEYS if evidence.get(name)]
    if sum(sizes) > MOST_BYTES_TOGETHER:
        raise invalid("The files of the evidence are larger than 4.5 MB together.", param="evidence")


def _size_of(work: UnitOfWork, name: str, file_id: str) -> int:
    file = work.records.find("file", file_id)
    if file is None or file.body["purpose"] != PURPOSE:
        raise no_such("file", file_id, f"evidence[{name}]")
    return int(file.body["size"])
