"""Files with a text that a command reads, in UTF-8 or in what their mark says: PowerShell writes UTF-16."""

from codecs import BOM_UTF16_BE, BOM_UTF16_LE
from pathlib import Path

import click

FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
UTF_16 = (BOM_UTF16_LE, BOM_UTF16_BE)


def read_text(file: Path) -> str:
    """Read a file, or what comes through a pipe where it is called `-`."""
    with click.open_file(str(file), "rb") as opened:
        content: bytes = opened.read()
    try:
        return decode(content)
    except UnicodeDecodeError as error:
        raise click.ClickException(f"{file} is no UTF-8 text: save it as UTF-8.") from error


def decode(content: bytes, *, errors: str = "strict") -> str:
    """Return the text without its mark, its lines ended by line feeds. Raises UnicodeDecodeError."""
    text = content.decode("utf-16" if content.startswith(UTF_16) else "utf-8-sig", errors)
    return text.replace("\r\n", "\n").replace("\r", "\n")
