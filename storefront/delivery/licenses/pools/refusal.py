"""What is said of a list of keys that is refused as a whole, and how a long list is brought to the database."""

from collections.abc import Iterable, Iterator, Sequence
from typing import TypeVar

from storefront.core.errors import StorefrontError
from storefront.delivery.licenses.pools.key_files import Problem

Item = TypeVar("Item")
BATCH = 2000  # rows a statement: SQLite and PostgreSQL bound how many values one may carry
NO_KEYS = Problem(1, "there is no key in this file")


class KeysRefused(StorefrontError):
    """Nothing was changed; `problems` names every line. `done` is what was not done: imported, or removed."""

    code = "keys_refused"
    title = "Nothing was changed"

    def __init__(self, problems: Iterable[Problem], *, done: str = "imported") -> None:
        self.done = done
        self.problems = sorted(problems, key=lambda problem: problem.number)
        lines = "1 line" if len(self.problems) == 1 else f"{len(self.problems)} lines"
        has_doubts = any(problem.is_doubt for problem in self.problems)
        hint = " What only looks wrong, and is not, is taken with --as-is." if has_doubts else ""
        super().__init__(f"Nothing was {done}: {lines} cannot be used.{hint}")


def in_batches(rows: Sequence[Item]) -> Iterator[Sequence[Item]]:
    for start in range(0, len(rows), BATCH):
        yield rows[start : start + BATCH]
