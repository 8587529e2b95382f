"""Secrets and where they lie: how long, since when, who may read them, whose they are. Never what they are."""

import os
import shlex
import stat
from collections.abc import Iterator, Mapping
from datetime import timedelta
from pathlib import Path

from storefront.core import clock
from storefront.core.config.settings import Settings, read_environment
from storefront.delivery.licenses.seal_keys import SealState, find_seal_state
from storefront.owner.doctor.finding import Seen, fail, ok, warn

GOOD_LENGTH = 32
FALLBACK = timedelta(days=90)
BY_OTHERS = stat.S_IRWXO
SECRET_NAMES = ("KEY_FILE", "FALLBACKS_FILE", "SECRET_FILE", "PASSWORD_FILE", "TOKEN_FILE", "URL_FILE")


def look_at_secrets(shop: Settings) -> Iterator[Seen]:
    """The settings' own check refuses what is shorter than 16 characters, or a placeholder."""
    if len(shop.secret_key) < GOOD_LENGTH:
        yield warn(f"SECRET_KEY has {len(shop.secret_key)} characters: 32 are better (`openssl rand -hex 32`).")
    else:
        yield ok("SECRET_KEY is long enough.")
    if shop.old_secret_keys and _is_old(shop.home / ".env"):
        yield warn(
            f"SECRET_KEY_FALLBACKS has held {len(shop.old_secret_keys)} for more than 90 days: "
            "run `storefront signing-keys reseal`, `keys seal` and `webhook rotate`, then take them away."
        )


def look_at_sealed_keys(_shop: Settings) -> Iterator[Seen]:
    """Without SECRET_KEY nobody reads a license key: not a thief of the database, and not the shop either."""
    state = find_seal_state()
    yield SEEN[state]


SEEN = {
    SealState.NONE: warn("License keys lie in the database as they are read: `storefront keys seal` seals them."),
    SealState.PRESENT: ok("License keys are sealed, and SECRET_KEY opens them."),
    SealState.FALLBACK: warn(
        "Only SECRET_KEY_FALLBACKS opens the license keys: run `storefront keys seal` before you take it away."
    ),
    SealState.LOST: fail(
        "SECRET_KEY does not open the license keys: put the one of before into SECRET_KEY_FALLBACKS (a backup has "
        "it), then run `storefront keys seal`."
    ),
}


def _is_old(path: Path) -> bool:
    """Tell whether the file was last written long ago. What is set elsewhere has no age."""
    return path.is_file() and clock.now() - clock.from_unix(int(path.stat().st_mtime)) > FALLBACK


def look_at_files(shop: Settings) -> Iterator[Seen]:
    if os.name != "posix":
        return
    seen = [*_look_at_secret_files(read_environment()), *_look_at_owners(shop)]
    yield from seen or [ok("Files of secrets are closed to others, and the shop's files are its user's.")]


def _look_at_secret_files(environment: Mapping[str, str]) -> Iterator[Seen]:
    files = {name: Path(path) for name, path in sorted(environment.items()) if name.endswith(SECRET_NAMES)}
    for name, path in files.items():
        if path.is_file() and path.stat().st_mode & BY_OTHERS:
            yield warn(f"Every user of this machine may use the file of {name}: chmod o= {shlex.quote(str(path))}")


def _look_at_owners(shop: Settings) -> Iterator[Seen]:
    """Root may write everything, and sees whose it is by the folder it lies in."""
    user = os.geteuid()
    places = (shop.home / ".env", shop.home / "var", *([shop.files_path] if shop.is_folder else []))
    for path in places:
        if user and path.exists() and path.stat().st_uid != user:
            yield warn(f"{path} belongs to another user: chown it to the user the shop runs as.")
