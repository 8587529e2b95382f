"""What is wrong in a folder: each with its file, its line and the cure, all of them at once."""

from collections.abc import Iterable
from dataclasses import dataclass

from storefront.core.errors import StorefrontError


class Wrong(ValueError):
    """A value that cannot be. Its words are for who wrote the file; `line` where it is not that of the value."""

    def __init__(self, words: str, line: int = 0) -> None:
        super().__init__(words)
        self.line = line


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Mistake:
    """`line` counts from 1; 0 is the file as a whole. `file` is below the folder."""

    file: str
    line: int
    words: str

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}" if self.line else self.file
        return f"{place}: {self.words}"


class FolderRefused(StorefrontError):
    """Nothing was changed. `mistakes` are in the order of files and lines."""

    code = "folder_refused"
    title = "This folder cannot be read as a shop"

    def __init__(self, mistakes: Iterable[Mistake]) -> None:
        self.mistakes = tuple(sorted(set(mistakes)))
        super().__init__("\n".join(map(str, self.mistakes)))


class Mistakes:
    """Collects them while a folder is read."""

    def __init__(self) -> None:
        self.all: list[Mistake] = []

    def add(self, file: str, line: int, words: str) -> None:
        self.all.append(Mistake(file=file, line=line, words=words))

    def raise_if_any(self) -> None:
        """Raises FolderRefused."""
        if self.all:
            raise FolderRefused(self.all)
