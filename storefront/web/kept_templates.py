"""Templates as they were when a server started: an upgrade of the code puts others there while it still serves."""

import logging
import zlib
from collections.abc import Callable

from flask import Flask
from jinja2 import BaseLoader, Environment, TemplateNotFound

log = logging.getLogger(__name__)

OF_OTHER_PROGRAMS = "devtools/"
SUFFIXES = (".html", ".md", ".txt")  # beside them lies what editors, `patch` and Macs leave


def keep_templates(app: Flask) -> None:
    """Read all of them now. What is changed on disk from here on is seen by the next start."""
    env = app.jinja_env
    loader = env.loader
    if loader is not None:
        names = [name for name in loader.list_templates() if _is_ours(name)]
        found = {name: _find_source(env, loader, name) for name in names}
        env.loader = KeptTemplates({name: source for name, source in found.items() if source is not None})


def _is_ours(name: str) -> bool:
    is_hidden = any(part.startswith(".") for part in name.split("/"))
    return name.endswith(SUFFIXES) and not is_hidden and not name.startswith(OF_OTHER_PROGRAMS)


def _find_source(env: Environment, loader: BaseLoader, name: str) -> str | None:
    """Read one, or leave out what is no text in UTF-8, or a link to nothing: no page of ours is made of it."""
    try:
        return loader.get_source(env, name)[0]
    except (UnicodeDecodeError, OSError) as error:  # TemplateNotFound is an OSError
        log.warning("template left out", extra={"template": name, "why": type(error).__name__})
        return None


class KeptTemplates(BaseLoader):
    """Holds the sources packed, 0.2 MB of them: compiled they would be 7 MB, and two seconds of each start."""

    def __init__(self, sources: dict[str, str]) -> None:
        self._packed = {name: zlib.compress(source.encode(), level=1) for name, source in sources.items()}

    def get_source(self, environment: Environment, template: str) -> tuple[str, str, Callable[[], bool]]:  # noqa: ARG002 - Jinja's
        """Name no file: a traceback would show lines of whatever lies there by now."""
        packed = self._packed.get(template)
        if packed is None:
            raise TemplateNotFound(template)
        return zlib.decompress(packed).decode(), template, lambda: True

    def list_templates(self) -> list[str]:
        return sorted(self._packed)
