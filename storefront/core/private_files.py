"""What the shop makes is for its own user: orders, keys, mails and secrets lie in files."""

import os

ONLY_OURS = 0o077


def keep_files_private() -> None:
    """For this process and those it starts. Release files are opened one by one, where nginx reads them."""
    os.umask(ONLY_OURS)
