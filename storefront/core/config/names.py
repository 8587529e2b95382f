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
    """Return the names of all settings, set here or not; what is wrong with their values does not matter.

    Asked of an empty environment too: where BACKUP_AWS_… are set, nobody asks for AWS_… any more.
    """
    return _asked_of(environ) | _asked_of({})


def find_secret_names(environ: Mapping[str, str]) -> frozenset[str]:
    """Return those of settings that may hold a secret, and of the files with one: NAME and NAME_FILE."""
    names = find_names(environ)
    secret = {name for name in names if f"{name}_FILE" in names}
    return frozenset(secret | {f"{name}_FILE" for name in secret})


def _asked_of(environ: Mapping[str, str]) -> frozenset[str]:
    noted = _Noted(environ)
    with suppress(SettingsError):
        load_settings(noted)
    return frozenset(noted.names)
