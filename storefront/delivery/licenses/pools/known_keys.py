"""Finds keys that cannot be imported because the shop has them already, whatever product or mode they are for."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from sqlalchemy import select
from sqlalchemy.orm import Session

from storefront.delivery.licenses.keys import hash_key, hint, is_well_formed
from storefront.delivery.licenses.models import License, PoolKey, RetiredKey
from storefront.delivery.licenses.pools.key_files import KeyLine, Problem
from storefront.delivery.licenses.pools.refusal import in_batches
from storefront.delivery.licenses.sealed import forms


@dataclass(frozen=True, slots=True)
class _KnownKey:
    """`key` is None where only the hash is kept."""

    key_hash: str
    key: str | None
    why: str

    def is_key_of(self, line: KeyLine) -> bool:
        """Return whether it is the key of a line with the same normal form."""
        return self.key is None or self.key == line.key or is_well_formed(self.key)


@dataclass(slots=True)
class _Matches:
    """Lines by their hashes, and what was found about each: what is noted first counts."""

    by_exact_hash: dict[str, KeyLine] = field(default_factory=dict)
    by_normal_hash: defaultdict[str, list[KeyLine]] = field(default_factory=lambda: defaultdict(list))
    reasons: dict[KeyLine, str] = field(default_factory=dict)

    def add(self, line: KeyLine) -> None:
        for exact in forms(line.key_hash):
            self.by_exact_hash[exact] = line
        for normal in forms(hash_key(line.key)):
            self.by_normal_hash[normal].append(line)

    def note(self, known: _KnownKey) -> None:
        """Keys that were sold when spelling did not count are found by their normal form, too.

        There only the very same text is the same key, unless the shop made it.
        """
        if known.key_hash in self.by_exact_hash:
            self.reasons.setdefault(self.by_exact_hash[known.key_hash], known.why)
        for line in self.by_normal_hash.get(known.key_hash, ()):
            if known.is_key_of(line):
                self.reasons.setdefault(line, known.why)


def find_known_keys(session: Session, lines: Sequence[KeyLine]) -> list[Problem]:
    """Return a problem for each line whose key cannot be sold again."""
    problems: list[Problem] = []
    for batch in in_batches(lines):
        matches = _match(session, batch)
        problems += [
            Problem(line.number, f"{hint(line.key)} {matches.reasons[line]}")
            for line in batch
            if line in matches.reasons
        ]
    return problems


def _match(session: Session, lines: Sequence[KeyLine]) -> _Matches:
    matches = _Matches()
    for line in lines:
        matches.add(line)
    for known in _read_known(session, [*matches.by_exact_hash, *matches.by_normal_hash]):
        matches.note(known)
    return matches


def _read_known(session: Session, hashes: list[str]) -> Iterator[_KnownKey]:
    """Yield sold keys, then imported ones, then replaced ones. Three statements."""
    for sold in session.execute(select(License.key_hash, License.key).where(License.key_hash.in_(hashes))):
        yield _KnownKey(sold.key_hash, sold.key, "is sold already")
    imported = select(PoolKey.key_hash, PoolKey.key, PoolKey.grant_id, PoolKey.mode).where(
        PoolKey.key_hash.in_(hashes), PoolKey.removed_at.is_(None)
    )
    for row in session.execute(imported):
        why = "is sold already" if row.grant_id else f"was imported before, for {row.mode} orders"
        yield _KnownKey(row.key_hash, row.key, why)
    for key_hash in session.scalars(select(RetiredKey.key_hash).where(RetiredKey.key_hash.in_(hashes))):
        yield _KnownKey(key_hash, None, "was sold once and replaced")
