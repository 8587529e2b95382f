"""Brings the files of a plan into the storage before its transaction: nothing refers to them yet.

Pictures and samples are kept under their own hash, so those of an apply that failed are there for the next one.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from storefront.core.errors import StorefrontError
from storefront.shop.catalog.upload import StoredFile, delete_unused, store_file
from storefront.shop.files.disk import open_file
from storefront.shop.files.folder import Folder
from storefront.shop.files.mistakes import Mistakes, Wrong
from storefront.shop.files.objects import Fields, Kind, Ref
from storefront.shop.files.plan import Act, Plan, Step
from storefront.shop.looks.files import LooksFile, prepare_file
from storefront.shop.media.pictures import prepare_picture
from storefront.shop.media.samples import PreparedSample, prepare_sample

WITH_FILES = (Kind.PICTURE, Kind.SAMPLE, Kind.FILE, Kind.LOOKS)


@dataclass(slots=True)
class StoredThings:
    """What is in the storage already, by what it is of. A picture is None where the shop had it before."""

    pictures: dict[Ref, Fields | None] = field(default_factory=dict)
    samples: dict[Ref, PreparedSample] = field(default_factory=dict)
    files: dict[Ref, StoredFile] = field(default_factory=dict)
    looks: dict[Ref, Fields] = field(default_factory=dict)

    def has(self, ref: Ref) -> bool:
        return any(ref in stored for stored in (self.pictures, self.samples, self.files, self.looks))


def store_things(folder: Folder, plan: Plan, stored: StoredThings) -> None:
    """Store every file that the plan makes and that is not stored yet. No transaction is open.

    Raises:
        FolderRefused: a file is no picture after all, or changed meanwhile; all of these at once.
        StorageFull, StorageClosed, StorageUnavailable: it may be tried again.
    """
    mistakes = Mistakes()
    for step in plan.steps:
        if _needs_file(step) and not stored.has(step.ref):
            with _at_its_place(folder, step.ref, mistakes):
                _store(step.ref, folder.objects[step.ref], folder.sources[step.ref], stored)
    mistakes.raise_if_any()


def _store(ref: Ref, values: Fields, source: Path, stored: StoredThings) -> None:
    sha256 = values.get("sha256", ref.name)
    with open_file(source) as content:
        if ref.kind is Kind.PICTURE:
            kept, stored.pictures[ref] = prepare_picture(content, values["filename"])
        elif ref.kind is Kind.SAMPLE:
            stored.samples[ref] = prepare_sample(content, values["filename"])
            kept = stored.samples[ref].sha256
        elif ref.kind is Kind.LOOKS:
            stored.looks[ref] = prepare_file(LooksFile(ref.name), content, values["filename"])
            kept = stored.looks[ref]["sha256"]
        else:
            file = store_file(content, slug=ref.product, version=ref.name, filename=ref.part)
            stored.files[ref] = file
            kept = file.sha256
    if kept != sha256:
        raise Wrong("this file changed while it was read: try again.")


@contextmanager
def _at_its_place(folder: Folder, ref: Ref, mistakes: Mistakes) -> Iterator[None]:
    try:
        yield
    except (StorefrontError, Wrong) as error:
        if isinstance(error, StorefrontError) and error.status >= 500:
            raise
        place = folder.places[ref, ""]
        mistakes.add(place.file, place.line, str(error))


def forget(stored: StoredThings) -> None:
    """Delete the files of releases that no release refers to: their place in the storage is that of their name."""
    delete_unused(stored.files.values())


def is_whole(plan: Plan, stored: StoredThings) -> bool:
    """Return whether everything that the plan makes is stored."""
    return all(stored.has(step.ref) for step in plan.steps if _needs_file(step))


def _needs_file(step: Step) -> bool:
    """A picture's own words change without it; what stands for the shop's looks is always a file."""
    return step.ref.kind in WITH_FILES and (step.act is Act.MAKE or step.ref.kind is Kind.LOOKS)
