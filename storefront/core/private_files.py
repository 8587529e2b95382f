"""What the shop makes is for its own user: orders, keys, mails and secrets lie in files."""

import os

ONLY_OURS = 0o077


def keep_files_private() -> None:
    """Hide new files from other users, for this process and its children. Release files are opened for nginx."""
    os.umask(ONLY_OURS)
