"""The folder that rows are written to before they are forgotten, as this machine sees it."""

import os
import shutil
from collections.abc import Iterator

from storefront.core.config.settings import Settings
from storefront.owner.doctor.finding import Seen, fail, ok, warn
from storefront.owner.health.room import LOW_BYTES


def look_at_archive(shop: Settings) -> Iterator[Seen]:
    """Look without writing. Only the worker needs the folder, which may run on another machine."""
    folder = shop.archive_dir
    if folder is None:
        return
    if not os.access(folder, os.R_OK | os.W_OK | os.X_OK) or not folder.is_dir():
        yield fail(
            f"{folder} (ARCHIVE_DIR) is not there, or not the shop's to write: mount it, make it, or give it to "
            "the shop's user. Where the worker runs, nothing is forgotten until then."
        )
        return
    free = shutil.disk_usage(folder).free
    text = f"The archive's folder is there, with {free // (1024 * 1024)} MB free"
    yield warn(f"{text}: make room before nothing can be forgotten.") if free < LOW_BYTES else ok(f"{text}.")
