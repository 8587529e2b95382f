"""Encryption that only the owner can undo: the format of https://age-encryption.org/v1. Alone imports pyrage.

What is written here opens with the `age` command line as well, should this program be gone.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO, Any, Protocol

import pyrage

from storefront.owner.backup.refusals import BackupDamaged, NoRecipient, SourceUnreadable, WrongKey


class Source(Protocol):
    def read(self, size: int = -1, /) -> bytes: ...


def make_key() -> tuple[str, str]:
    """Return a new pair: the secret half (`AGE-SECRET-KEY-…`), and the public one (`age1…`)."""
    identity = pyrage.x25519.Identity.generate()
    return str(identity), str(identity.to_public())


def encrypt(source: Source, output: IO[bytes], *, recipient: str) -> None:
    """Raises what writing raises; SourceUnreadable; NoRecipient where the recipient is mistyped."""
    try:
        to = pyrage.x25519.Recipient.from_str(recipient)
    except pyrage.RecipientError as error:
        raise NoRecipient("BACKUP_RECIPIENT is mistyped: copy it again, whole.") from error
    reader, writer = _Remembering(source, is_source=True), _Remembering(output)
    with _own_errors(reader, writer):
        pyrage.encrypt_io(reader, writer, [to])


def decrypt(source: Source, output: IO[bytes], *, identity: str) -> None:
    """Write what was encrypted. The output is worth nothing unless this returns.

    Raises:
        WrongKey: this half does not open it.
        BackupDamaged: it is cut, or was altered.
    """
    key = read_identity(identity)
    reader, writer = _Remembering(source, is_source=True), _Remembering(output)
    try:
        with _own_errors(reader, writer):
            pyrage.decrypt_io(reader, writer, [key])
    except pyrage.DecryptError as error:
        if "key" in str(error).lower():
            raise WrongKey("This key does not open the backup: it was made for another one.") from error
        raise BackupDamaged("A part of the backup is cut or damaged.") from error


def read_identity(text: str) -> Any:  # noqa: ANN401 - the library has no types
    """Read the secret half, as `backup key` prints it and as a file of `age-keygen` has it, with its comments.

    Raises:
        WrongKey: there is none, or it is mistyped.
    """
    lines = [line.strip() for line in text.splitlines()]
    found = [line for line in lines if line.upper().startswith("AGE-SECRET-KEY-")]
    try:
        return pyrage.x25519.Identity.from_str(found[0])
    except (IndexError, pyrage.IdentityError) as error:
        sentence = "The key must be the line AGE-SECRET-KEY-…, whole, that `storefront backup key` printed."
        raise WrongKey(sentence) from error


class _Remembering:
    """Keeps the error of a stream: the library would make its own of it."""

    def __init__(self, stream: Any, *, is_source: bool = False) -> None:  # noqa: ANN401 - whatever reads or writes
        self._stream = stream
        self.is_source = is_source
        self.error: BaseException | None = None

    def read(self, size: int = -1) -> bytes:
        with self._noting():
            content: bytes = self._stream.read(size)
            return content

    def write(self, content: bytes) -> int:
        with self._noting():
            self._stream.write(content)
            return len(content)

    def flush(self) -> None:
        with self._noting():
            self._stream.flush()

    @contextmanager
    def _noting(self) -> Iterator[None]:
        try:
            yield
        except BaseException as error:
            self.error = error
            raise


@contextmanager
def _own_errors(*streams: _Remembering) -> Iterator[None]:
    try:
        yield
    except Exception as error:
        for stream in streams:
            if isinstance(stream.error, OSError) and stream.is_source:
                raise SourceUnreadable(f"It cannot be read ({stream.error.strerror}).") from stream.error
            if stream.error is not None:
                raise stream.error from None
        if isinstance(error, OSError):  # the library's word for a part that does not decrypt
            raise BackupDamaged("A part of the backup is cut or damaged.") from error
        raise
