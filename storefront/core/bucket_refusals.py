"""Why a bucket refuses, in one word: the rest of what obstore says holds addresses and paths."""

import logging
import re

log = logging.getLogger(__name__)

# Codes: https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html; an answer to HEAD has none.
WORDS = (
    re.compile(r"<Code>(\w{1,60})</Code>"),
    re.compile(r"status code: (\d{3})"),
    re.compile(r"(dns error|timed out|connection refused|connection reset)", re.IGNORECASE),
)
ADVICE = {
    "AccessDenied": "Allow its key to do this",
    "InvalidAccessKeyId": "Look at the id of its key",
    "NoSuchBucket": "Look at its name",
    "RequestTimeTooSkewed": "Set the clock of this machine",
    "SignatureDoesNotMatch": "Look at its secret key",
    "dns error": "Look at its endpoint",
}


def why_of(error: Exception) -> str:
    """Return the server's own code, else its status, else what the line did, else the kind of error."""
    found = (pattern.search(str(error)) for pattern in WORDS)
    return next((match[1] for match in found if match), type(error).__name__)


def log_refusal(error: Exception) -> str:
    """Log why a bucket refuses, and return it."""
    why = why_of(error)
    log.error("bucket does not answer, or refuses", extra={"why": why})
    return why


def advise(why: str) -> str:
    return ADVICE.get(why, "Look at its address and keys")
