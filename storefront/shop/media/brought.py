"""What became of a file that was brought to a product."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Brought:
    """A picture or a sample by its id. `is_new` is False where the product shows the same file already."""

    id: int
    is_new: bool
