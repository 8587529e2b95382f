"""The names of settings: those that reading them asks the environment for, so that no list has to be kept."""

from collections.abc import Iterator, Mapping
from contextlib import suppress

from storefront.core.config.reader import SettingsError
from storefront.core.config.settings import load_settings


class _Noted(Mapping[str, str]):
    """An environment that notes the names it is asked for, set or not."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._environ = environ
        self.names: set[str] = set()

    def __getitem__(self, name: str) -> str:
        self.names.add(name)
        return self._environ[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._environ)

    def __len__(self) -> int:
        return len(self._environ)


def find_names(environ: Mapping[str, str]) -> frozenset[str]:
    """Return the names of all settings, set here or not; what is wrong with their values does not matter."""
    noted = _Noted(environ)
    with suppress(SettingsError):
        load_settings(noted)
    return frozenset(noted.names)
