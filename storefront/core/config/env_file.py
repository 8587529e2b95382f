"""The file `.env`: what its lines say, or which of them says nothing."""

import logging
import os
import re
from collections.abc import Iterator, Mapping
from io import StringIO
from pathlib import Path

from dotenv import dotenv_values
from dotenv.parser import Binding, parse_stream

from storefront.core.config.reader import SettingsError

log = logging.getLogger(__name__)

# What else stands before a = may be part of a value.
SETTING = re.compile(r"\s*(?:export\s+)?([A-Z][A-Z0-9_]*)\s*=")

REFERENCE = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)(?::-[^}]*)?\}")


def read_env_file(path: Path) -> dict[str, str]:
    """Return names and values as written; nothing where there is no file. A name without a value is left out.

    `${NAME}` stands for itself: in a password it is no other setting.

    Raises:
        SettingsError: the file cannot be read, or a line of it is no setting. No value is told: it may be secret.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")  # Windows puts a mark before the first name
    except FileNotFoundError:
        return {}
    except UnicodeDecodeError as error:
        raise SettingsError([f"{path} is not UTF-8: save it with that encoding."]) from error
    except OSError as error:
        raise SettingsError([f"{path} cannot be read: {error.strerror}."]) from error
    problems = [f"{path}, {_complain(line)}" for line in parse_stream(StringIO(text)) if line.error]
    if problems:
        raise SettingsError(problems)
    written = dotenv_values(stream=StringIO(text), interpolate=False)
    values = {name: value for name, value in written.items() if value is not None}
    for name in _find_referring(values):
        log.warning("%s of %s holds ${NAME}, which stands for itself: write the value out", name, path)
    return values


def _find_referring(values: Mapping[str, str]) -> Iterator[str]:
    """Yield which settings name another one, and were filled in with it by versions before."""
    for name, value in values.items():
        if any(found in values or found in os.environ for found in REFERENCE.findall(value)):
            yield name


def _complain(line: Binding) -> str:
    number, name = next(_find_names(line))
    what = f"the value of {name} cannot be read" if name else "a setting is NAME=value"
    return f"line {number}: {what}. Put a value with quotes, spaces or # between single quotes: '…'."


def _find_names(line: Binding) -> Iterator[tuple[int, str]]:
    """Yield where the text begins that was not understood, and the name there; empty lines may stand before it."""
    for number, text in enumerate(line.original.string.splitlines(), line.original.line):
        if text.strip():
            setting = SETTING.match(text)
            yield number, setting[1] if setting else ""
    yield line.original.line, ""
