"""The rules of the layout that no linter knows. Which package may import which stands in pyproject.toml."""

import ast
import re
import tomllib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest
from flask import Flask

from storefront.app import create_app
from storefront.core.config.settings import ROOT, load_settings
from storefront.core.db import Base, db
from storefront.messages.compose import COMPOSERS
from tests.support.complexity import blocks, mean_complexity
from tests.support.databases import base_environment

SOURCE = ROOT / "storefront"
OTHER_PROGRAMS = tuple(SOURCE / "devtools" / name for name in ("sandbox", "mailbox", "samples/drawings"))
TESTS = ROOT / "tests"
TEMPLATES = ROOT / "templates"
DOCUMENTS = sorted([ROOT / "ARCHITECTURE.md", ROOT / "CONTRIBUTING.md", *(ROOT / "docs").glob("*.md")])
MAX_LINES = 400
MOST_MEAN_COMPLEXITY = 2.6  # of functions, methods and classes; pyproject.toml has the most of one function
SHOWN_DENSE = 20

# Blueprints without a guard, and what stands at the door instead.
OPEN = {
    "confirm": "the token in the address is the permission, or the first half of it",
    "customers": "whoever signs in is not signed in yet; pages of an account ask for it themselves",
    "licenses": "the license key in the body is the permission",
    "news": "the token in the address is the permission",
    "availability": "anybody may ask to be written to; the token in the address is the permission for the rest",
    "offers": "the token in the address is the permission",
    "reminders": "the token in the address is the permission",
    "well_known": "public keys and revocations are public",
    "catalog": "everybody may look",
    "pages": "what an owner published is for everybody",
    "found": "search engines, feed readers and networks carry no credentials",
    "media": "pictures and samples are for everybody, under names that nobody can guess before they are shown",
    "looks": "every page of the shop has its stylesheet",
    "cart": "it belongs to the browser that carries it in its cookie",
    "buy": "everybody may look; what is bought opens for who started it",
    "checkout": "a checkout opens for the browser that started it, a session id for who holds it",
    "webhook": "Stripe's signature is the permission",
    "library": "the order's token is the permission",
    "downloads": "the order's token is the permission",
    "health": "probes carry no credentials, and learn nothing but the state",
}
# Packages that one module, or one folder, or these two, import for all the others.
DOORS: dict[str, str | tuple[str, ...]] = {
    "stripe": "stripe_api",
    "css_inline": "mail/inlined.py",
    "flask_mail": "mail/transport.py",
    "fpdf": "buyers/library/receipt_pdf.py",
    "huey": "core/queue_engine.py",
    "obstore": ("core/buckets.py", "core/depots.py"),  # what buyers get of a bucket, and all of it
    "PIL": "shop/media",
    "pyrage": "owner/backup/age.py",
    "webauthn": "owner/people/passkey_protocol.py",
    "xlsxwriter": "owner/accounting/xlsx_file.py",
}
CLOCKS = {
    ("datetime", "now"),
    ("datetime", "utcnow"),
    ("datetime", "today"),
    ("date", "today"),
    ("time", "time"),
    ("time", "time_ns"),
}


def modules() -> list[Path]:
    """The shop's own: sandbox, mailbox and what draws the sample pictures are programs of their own."""
    return sorted(path for path in SOURCE.rglob("*.py") if not any(map(path.is_relative_to, OTHER_PROGRAMS)))


def name_of(path: Path) -> str:
    return path.relative_to(SOURCE).as_posix()


def parse(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What the rules ask of a file, because keeping all trees takes much, and parsing again and again too."""

    imports: frozenset[str]
    chains: frozenset[tuple[int, tuple[str, ...]]]  # with the line
    texts: frozenset[str]
    functions: frozenset[str]
    all_names: frozenset[str]  # also of classes
    bases: frozenset[tuple[str, tuple[str, ...]]]  # of classes, each with its name


@cache
def facts(path: Path) -> Facts:
    nodes = list(ast.walk(parse(path)))
    functions = {node.name for node in nodes if isinstance(node, ast.FunctionDef)}
    classes = [node for node in nodes if isinstance(node, ast.ClassDef)]
    constants = {node.value for node in nodes if isinstance(node, ast.Constant)}
    return Facts(
        imports=frozenset(imported(nodes)),
        chains=frozenset((node.lineno, tuple(chain(node))) for node in nodes if isinstance(node, ast.Attribute)),
        texts=frozenset(value for value in constants if isinstance(value, str)),
        functions=frozenset(functions),
        all_names=frozenset(functions | {node.name for node in classes}),
        bases=frozenset((node.name, tuple(chain(base))) for node in classes for base in node.bases),
    )


def imported(nodes: Iterable[ast.AST]) -> Iterator[str]:
    """Full names: `a.b` for `import a.b`, `a.b.c` for `from a.b import c`; also inside functions."""
    for node in nodes:
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def chain(node: ast.expr) -> list[str]:
    """`["db", "session", "query"]` for `db.session.query`."""
    if isinstance(node, ast.Attribute):
        return [*chain(node.value), node.attr]
    return [node.id] if isinstance(node, ast.Name) else [""]


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Flask]:
    app = create_app(load_settings(base_environment(tmp_path)))
    yield app
    with app.app_context():
        db.engine.dispose()


def test_guards_every_blueprint_that_is_not_open(shop: Flask) -> None:
    unguarded = {name for name, made in shop.blueprints.items() if not made.before_request_funcs.get(None)}
    assert unguarded == set(OPEN), "a new blueprint needs a `before_request` guard, or a reason to be open"


@pytest.mark.parametrize(("package", "door"), DOORS.items())
def test_has_a_single_door_to(package: str, door: str | tuple[str, ...]) -> None:
    users = {
        name_of(path) for path in modules() if any(name.split(".")[0] == package for name in facts(path).imports)
    }
    if isinstance(door, str):
        users = {door if user.startswith(f"{door}/") else user for user in users}
        door = (door,)
    assert users == set(door)


def test_reads_the_wall_clock_in_one_place() -> None:
    readers = set()
    for path in modules():
        asked = {names[-2:] for _line, names in facts(path).chains}
        asked |= {("time", "time") for name in facts(path).imports if name in ("time.time", "time.time_ns")}
        if asked & CLOCKS:
            readers.add(name_of(path))
    assert readers == {"core/clock.py"}


def test_judges_how_something_ended_by_its_own_exception() -> None:
    """`sys.exception()` in a `finally` also answers with one that is being handled further out."""
    asking = {("sys", "exception"), ("sys", "exc_info")}
    offenses = [
        f"{name_of(path)}:{line}"
        for path in modules()
        for line, names in facts(path).chains
        if names[-2:] in asking
    ]
    assert offenses == []


def test_is_simple_on_average() -> None:
    found = {path: list(blocks(parse(path).body)) for path in SOURCE.rglob("*.py")}
    mean = mean_complexity([block for of_file in found.values() for block in of_file])
    dense = sorted((block, name_of(path)) for path, of_file in found.items() for block in of_file)[-SHOWN_DENSE:]
    look_at = "\n".join(
        f"{block.complexity:3} {name}:{block.line} {block.name}" for block, name in reversed(dense)
    )
    assert mean <= MOST_MEAN_COMPLEXITY, f"split what is dense into steps with names, for example:\n{look_at}"


def test_has_no_file_that_is_too_long_to_read() -> None:
    long = {
        path.relative_to(ROOT).as_posix(): lines
        for path in SOURCE.rglob("*.py")
        if (lines := len(path.read_text(encoding="utf-8").splitlines())) > MAX_LINES
    }
    assert long == {}


def test_puts_each_comment_beside_what_it_is_about() -> None:
    """The formatter throws a comment behind the bracket of a line that it breaks: write it above."""
    behind = re.compile(r"^ *[\])}]+ +#(?! (fmt: skip|noqa|type:))", re.MULTILINE)
    paths = [path for folder in (SOURCE, ROOT / "tests") for path in folder.rglob("*.py")]
    assert [path.name for path in paths if behind.search(path.read_text(encoding="utf-8"))] == []


def test_asks_the_database_with_select_only() -> None:
    queries = {
        f"{name_of(path)}:{line}"
        for path in modules()
        for line, (*_, owner, name) in facts(path).chains
        if name == "query" and (owner == "session" or owner[:1].isupper())
    }
    assert queries == set()


def test_loads_no_relationship_behind_the_readers_back(shop: Flask) -> None:
    loadings = {
        str(relationship): relationship.lazy
        for mapper in Base.registry.mappers
        for relationship in mapper.relationships
    }
    assert loadings, "the models are not loaded"
    assert set(loadings.values()) == {"raise_on_sql"}, loadings


def test_gives_every_model_the_shops_own_base() -> None:
    bases = {
        f"{name_of(path)}:{name}"
        for path in modules()
        for name, base in facts(path).bases
        if base[-2:] == ("db", "Model")
    }
    assert bases == set()


def pages() -> list[str]:
    """Templates that are rendered by name: not the sandbox's, not parts, not mails."""
    templates = (path.relative_to(TEMPLATES) for path in TEMPLATES.rglob("*") if path.is_file())
    return sorted(
        path.as_posix()
        for path in templates
        if path.parts[0] not in ("devtools", "messages")
        and not path.name.startswith("_")
        and path.name != "base.html"
    )


def test_names_every_template_in_full_where_it_is_rendered() -> None:
    named = {text for path in modules() for text in facts(path).texts}
    assert [path for path in pages() if path not in named] == []


def test_has_every_template_that_is_named() -> None:
    named = {
        text
        for path in modules()
        for text in facts(path).texts
        if re.fullmatch(r"[a-z_]+/[a-z_/]+\.(html|txt)", text)
    }
    assert named
    assert sorted(path for path in named if not (TEMPLATES / path).is_file()) == []


def test_has_three_files_for_each_mail() -> None:
    mails = {
        folder.name: {file.name for file in folder.iterdir()}
        for folder in (TEMPLATES / "messages").iterdir()
        if folder.is_dir()
    }
    assert mails == {kind: {"subject.txt", "body.txt", "body.html"} for kind in COMPOSERS}


def test_has_a_template_folder_named_like_each_package() -> None:
    folders = {Path(path).parent.as_posix() for path in pages()}
    packages = {path.relative_to(SOURCE).as_posix() for path in SOURCE.rglob("*") if path.is_dir()}
    assert folders <= packages


def test_keeps_what_tests_share_out_of_files_that_pytest_collects() -> None:
    """Helpers stand in files with plain names, fixtures of several folders in plugins of tests/conftest.py."""
    importers = {
        path.relative_to(TESTS).as_posix(): name
        for path in TESTS.rglob("*.py")
        for name in facts(path).imports
        if name.startswith("tests.") and any(part.startswith(("test_", "conftest")) for part in name.split("."))
    }
    assert importers == {}


def test_names_every_test_by_a_sentence_after_it() -> None:
    """`test_refuses_...`, `test_keeps_...`, `test_is_...`: a verb of the third person ends in "s"."""
    others = [
        f"{path.relative_to(TESTS).as_posix()}: {name}"
        for path in sorted(TESTS.rglob("test_*.py"))
        for name in facts(path).functions
        if re.match(r"test_(?![a-z0-9]*s(_|$))", name)
    ]
    assert others == []


def quoted(text: str) -> Iterator[tuple[int, str]]:
    """What stands in single back quotes, with the number of its line; blocks of code are left out."""
    is_block = False
    for number, line in enumerate(text.splitlines(), start=1):
        is_block ^= line.lstrip().startswith("```")
        if not is_block:
            yield from ((number, words) for words in re.findall(r"`([^`]+)`", line))


def is_path(words: str) -> bool:
    """`core/db.py` and `core/`; not an address like `/webhook/`, nor a pattern like `templates/<drawer>/`."""
    return re.fullmatch(r"[\w.-][\w./-]*(/|\.(py|html|txt|md|toml|js|mjs|css|json))", words) is not None


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_names_only_files_that_exist(document: Path) -> None:
    """From the root, from `storefront/`, or from a folder that was named before on the same line."""
    unknown = []
    bases: dict[int, list[Path]] = {}
    for number, words in quoted(document.read_text(encoding="utf-8")):
        if not is_path(words):
            continue
        line_bases = bases.setdefault(number, [ROOT, SOURCE])
        existing = [base / words for base in line_bases if (base / words).exists()]
        if not existing:
            unknown.append(f"{document.name}:{number}: {words}")
        line_bases.extend(path for path in existing if path.is_dir())
    assert unknown == []


@cache
def all_functions() -> frozenset[str]:
    """Also classes and methods, of the shop and of its tests."""
    return frozenset(
        name for folder in (SOURCE, TESTS) for path in folder.rglob("*.py") for name in facts(path).all_names
    )


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_names_only_functions_that_exist(document: Path) -> None:
    named = {
        f"{document.name}:{number}: {words}": match[1]
        for number, words in quoted(document.read_text(encoding="utf-8"))
        if (match := re.fullmatch(r"(?:\w+\.)*(\w+)\([^()]*\)", words))
    }
    assert [place for place, name in named.items() if name not in all_functions()] == []


@pytest.mark.parametrize("document", [ROOT / "README.md", *DOCUMENTS], ids=lambda path: path.name)
def test_links_only_what_exists(document: Path) -> None:
    """Files and pictures by a relative address; parts of a page are not looked for."""
    text = document.read_text(encoding="utf-8")
    linked = re.findall(r"\]\(([^)#\s]+)", text) + re.findall(r'src="([^"]+)"', text)
    own = [address for address in linked if "://" not in address and not address.startswith("mailto:")]
    assert [address for address in own if not (document.parent / address).exists()] == []


def test_has_every_drawer_on_the_map() -> None:
    """With the number of its layer: what it may import has a smaller one."""
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["importlinter"]
    layers = next(contract["layers"] for contract in contracts["contracts"] if contract["type"] == "layers")
    expected = {
        name: number
        for number, layer in enumerate(reversed(layers))
        for name in layer.split(" | ")
        if name != "__main__"
    }
    rows = re.findall(
        r"^\| (\d+) \| (.+?) \|", (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8"), re.MULTILINE
    )
    on_the_map = {
        name.removesuffix("/").removesuffix(".py"): int(number)
        for number, cell in rows
        for name in re.findall(r"`([^`]+)`", cell)
    }
    assert on_the_map == expected
