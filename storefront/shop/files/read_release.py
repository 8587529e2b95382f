"""Reads the folder of a release: its notes and its files."""

import unicodedata

from storefront.shop.catalog.file_names import same_name
from storefront.shop.catalog.notes import LONGEST_NOTES
from storefront.shop.catalog.upload_checks import LONGEST_VERSION, MOST_FILES
from storefront.shop.files import fields
from storefront.shop.files.disk import Entry, find_entry, list_folder, read_text
from storefront.shop.files.folder import Folder, Place, hash_file
from storefront.shop.files.mistakes import Wrong
from storefront.shop.files.nodes import Table, text_of
from storefront.shop.files.objects import Kind, Ref, refs_of
from storefront.shop.files.yaml_text import read_yaml, split_front_matter

NOTES_FILE = "notes.md"
MOST_BYTES = 200_000


def read_release(folder: Folder, home: Entry, slug: str) -> None:
    entries = list_folder(home.path, home.place, folder.mistakes)
    page = find_entry(entries, NOTES_FILE)
    source, notes, place = Table(), "", Place(home.place, 0)
    if page is not None:
        place = Place(page.place, 1)
        read = _read_notes(folder, page)
        if read is None:
            return
        source, notes = read
    ref = Ref(Kind.RELEASE, slug, text_of(source.nodes.get("version"), unicodedata.normalize("NFC", home.name)))
    if not _is_good(folder, slug, ref.name, place) or not folder.add(ref, place):
        return
    folder.read_fields(ref, fields.RELEASE, source, place.file, ("version", "files"))
    if notes:
        _add_notes(folder, ref, notes, place.file)
    _add_files(folder, ref, source, [entry for entry in entries if entry is not page], place.file)
    _check_files(folder, ref)


def _add_files(folder: Folder, ref: Ref, source: Table, files: list[Entry], page: str) -> None:
    is_listed = folder.has_list("files", source)
    named = _read_named(folder, source, files, page) if is_listed else _name_as_they_are(files)
    for entry, name, line in named:
        _add_file(folder, ref, entry, name, line, may_be_empty=is_listed)


def _name_as_they_are(files: list[Entry]) -> list[tuple[Entry, str, Place]]:
    return [(entry, unicodedata.normalize("NFC", entry.name), Place(entry.place, 0)) for entry in files]


def _add_notes(folder: Folder, ref: Ref, notes: str, file: str) -> None:
    folder.objects[ref]["notes"] = notes
    folder.places[ref, "notes"] = Place(file, 1)
    if len(notes) > LONGEST_NOTES:
        folder.wrong(ref, "notes", f"they have {len(notes):,} characters, and {LONGEST_NOTES:,} fit.")


def _read_notes(folder: Folder, page: Entry) -> tuple[Table, str] | None:
    """Return fields and notes. A file without fields is notes from its first line."""
    text = read_text(page, folder.mistakes, most_bytes=MOST_BYTES)
    if text is None:
        return None
    folder.texts[page.place] = text
    front, body = split_front_matter(text)
    if front is None:
        return Table(), body.strip()
    source = read_yaml(front, page.place, folder.mistakes, first_line=2)
    return None if source is None else (source, body.strip())


def _read_named(folder: Folder, source: Table, entries: list[Entry], file: str) -> list[tuple[Entry, str, Place]]:
    from_list = []
    for listed in folder.read_list("files", source, file):
        entry = find_entry(entries, text_of(listed.nodes.get("file")))
        if entry is None:
            folder.mistakes.add(file, listed.line, "file: write the name of a file that is in the same folder.")
            continue
        name = text_of(listed.nodes.get("name"), entry.name)
        from_list.append((entry, name, Place(file, listed.line)))
    used = {entry.name for entry, _name, _place in from_list}
    folder.notes.extend(
        f"{entry.place} is not named in files, so nothing is done with it."
        for entry in entries
        if entry.name not in used
    )
    return from_list


def _is_good(folder: Folder, slug: str, version: str, place: Place) -> bool:
    if len(version) > LONGEST_VERSION:
        folder.mistakes.add(place.file, place.line, f"a version has at most {LONGEST_VERSION} characters.")
        return False
    twin = _find_twin(folder, slug, version)
    if twin is not None:
        words = f"version {twin} is one folder with it on Windows and on a Mac: rename one."
        folder.mistakes.add(place.file, place.line, words)
    return twin is None


def _find_twin(folder: Folder, slug: str, version: str) -> str | None:
    others = [ref.name for ref in refs_of(folder.objects, Kind.RELEASE) if ref.product == slug]
    alike = (other for other in others if same_name(other) == same_name(version) and other != version)
    return next(alike, None)


def _add_file(folder: Folder, release: Ref, entry: Entry, name: str, place: Place, *, may_be_empty: bool) -> None:
    if entry.is_folder:
        folder.mistakes.add(entry.place, 0, "a release has files and no folders: put it into a zip file.")
        return
    ref = Ref(Kind.FILE, release.product, release.name, name)
    try:
        sha256 = hash_file(entry)
    except Wrong as error:
        folder.mistakes.add(place.file, place.line, str(error))
        return
    if not may_be_empty and entry.path.stat().st_size == 0:
        words = "this file is empty. Was it copied whole? A list of files in notes.md takes it as it is."
        folder.mistakes.add(place.file, place.line, words)
    elif folder.add(ref, place):
        folder.sources[ref] = entry.path
        folder.objects[ref]["sha256"] = sha256


def _check_files(folder: Folder, release: Ref) -> None:
    names: dict[str, str] = {}
    for ref in [ref for ref in refs_of(folder.objects, Kind.FILE) if ref.release == release]:
        other = names.setdefault(same_name(ref.part), ref.part)
        if other != ref.part:
            folder.wrong(ref, "", f"{other} and {ref.part} are one file on Windows and on a Mac: rename one.")
    if len(names) > MOST_FILES:
        folder.wrong(release, "", f"a release has at most {MOST_FILES} files: put some of them into a zip file.")
