"""Whom backups are encrypted to, and the keys of a bucket that they are written to."""

import re

from storefront.core.config.files import BUCKETS
from storefront.core.config.reader import Reader

RECIPIENT = re.compile(r"age1[02-9ac-hj-np-z]{58}")  # https://age-encryption.org/v1: X25519, in Bech32


def read_backup_recipient(reader: Reader) -> str | None:
    """Return the public half of the owner's key. Its secret half never lies on this machine."""
    raw = reader.optional("BACKUP_RECIPIENT")
    if raw is None or RECIPIENT.fullmatch(raw):
        return raw
    if raw.upper().startswith("AGE-SECRET-KEY-"):  # not repeated: it opens every backup
        reader.problems.append(
            "BACKUP_RECIPIENT holds the secret half of the key, which opens every backup: keep that elsewhere, "
            "and set the half that starts with age1."
        )
        return None
    reader.problems.append(f"BACKUP_RECIPIENT={raw} must be age1…, whole: `storefront backup key` makes one.")
    return None


def read_backup_keys(reader: Reader) -> dict[str, dict[str, str]]:
    """Return what obstore needs for a bucket, by its scheme: of `BACKUP_AWS_…` and the like, else of `AWS_…`.

    A vendor's settings are taken from one side alone: half of each would open nothing.
    """
    return {scheme: _read_scheme(reader, names) for scheme, names in BUCKETS.items()}


def _read_scheme(reader: Reader, names: dict[str, str]) -> dict[str, str]:
    own = {option: reader.secret(f"BACKUP_{name}") for option, name in names.items()}
    found = own if any(own.values()) else {option: reader.secret(name) for option, name in names.items()}
    return {option: value for option, value in found.items() if value}
