"""Files that are gone after their use, in the machine's folder for them, and what to do where it takes none."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager

from storefront.core.errors import StorefrontError


class NoTemporaryFiles(StorefrontError):
    """The folder for temporary files is missing, full, or not the shop's to write. Nothing was changed."""

    code = "no_temporary_files"
    status = 507
    title = "There is no place for temporary files"


@contextmanager
def temporary_files() -> Iterator[None]:
    """Say in words where what the block makes by `tempfile` cannot be made.

    Raises:
        NoTemporaryFiles: instead of any OSError of the block.
    """
    try:
        yield
    except OSError as error:
        where = tempfile.tempdir or "any folder of this machine"
        raise NoTemporaryFiles(
            f"Temporary files cannot be written in {where} ({error.strerror or error}): make room there, let the "
            "user of the shop write there, or set TMPDIR to another folder, then try again."
        ) from error
