"""How license keys are found in the database, which holds them sealed: by hashes with a key of their own."""

from dataclasses import dataclass

from storefront.core import data_keys
from storefront.delivery.licenses.keys import hash_exact, hash_key

LICENSE_KEYS = "license keys"  # the name of their data key


@dataclass(frozen=True, slots=True)
class KeyHashes:
    """`exact` is of a key as it is written, `normal` of one of ours in any spelling. Today's form comes first."""

    exact: tuple[str, str]
    normal: tuple[str, str]

    @property
    def all(self) -> tuple[str, ...]:
        """In the order in which they are asked."""
        return (*self.exact, *self.normal)


def hashes_of(key: str) -> KeyHashes:
    """Return what a named key may be found by. Both forms: keys are sealed while the shop sells."""
    return KeyHashes(exact=forms(hash_exact(key)), normal=forms(hash_key(key)))


def forms(digest: str) -> tuple[str, str]:
    """Return under what a key with this digest (`keys.hash_key`, `keys.hash_exact`) may be kept."""
    return data_keys.hash_forms(digest, LICENSE_KEYS)


def kept_hash(digest: str) -> str:
    """Return under what it is kept from now on; what is kept so already stays as it is."""
    return digest if digest.startswith(data_keys.KEYED) else data_keys.keyed_hash(digest, LICENSE_KEYS)
