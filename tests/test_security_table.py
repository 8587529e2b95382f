"""The table of OWASP ASVS requirements: whole, and nothing in it that there is not."""

import re
import tomllib
from collections import Counter
from functools import cache
from pathlib import Path

import pytest

from storefront.core.config.settings import ROOT

DOCS = ROOT / "docs"
TABLE = (DOCS / "asvs.md").read_text(encoding="utf-8")
THREATS = (DOCS / "security.md").read_text(encoding="utf-8")
ROW = re.compile(r"\| V([\d.]+) \| ([12]) \| ([^|]+) \| ([^|]+) \| ([^|]+) \|")
NAMED_TEST = re.compile(r"`(tests/[\w/]+\.py)::(test_\w+)`")
STATUSES = ("held", "written", "machine", "n/a", "not met")

# Of ASVS 5.0.0: each section, and the level of each of its requirements in their order.
LEVELS = """
1.1 22, 1.2 1111122223, 1.3 112222222223, 1.4 222, 1.5 123, 2.1 122, 2.2 112, 2.3 12223, 2.4 23, 3.1 3, 3.2
113, 3.3 12223, 3.4 11222233, 3.5 11122333, 3.6 3, 3.7 22333, 4.1 12233, 4.2 23333, 4.3 22, 4.4 1222, 5.1 2,
5.2 112333, 5.3 113, 5.4 222, 6.1 122, 6.2 111111112222, 6.3 11223333, 6.4 112233, 6.5 22222333, 6.6 2223, 6.7
33, 6.8 2222, 7.1 222, 7.2 1111, 7.3 22, 7.4 11222, 7.5 223, 7.6 22, 8.1 1233, 8.2 1123, 8.3 133, 8.4 23, 9.1
111, 9.2 1222, 10.1 22, 10.2 223, 10.3 22223, 10.4 1111122222233333, 10.5 22222, 10.6 22, 10.7 222, 11.1 2233,
11.2 22233, 11.3 11233, 11.4 1222, 11.5 23, 11.6 23, 11.7 33, 12.1 12233, 12.2 11, 12.3 22223, 13.1 2333, 13.2
222223, 13.3 2233, 13.4 1222233, 14.1 22, 14.2 12223333, 14.3 122, 15.1 12233, 15.2 12233, 15.3 1222222, 15.4
3333, 16.1 2, 16.2 22222, 16.3 2222, 16.4 222, 16.5 2223, 17.1 23, 17.2 22223333, 17.3 22
"""


def required() -> list[tuple[str, str]]:
    """Return number and level of what levels 1 and 2 ask, in the order of the standard."""
    sections = (section.split() for section in LEVELS.replace("\n", " ").split(","))
    every = (
        (f"{section}.{place}", level)
        for section, levels in sections
        for place, level in enumerate(levels, start=1)
    )
    return [(number, level) for number, level in every if level != "3"]


ROWS = [ROW.fullmatch(line) for line in TABLE.splitlines() if line.startswith("| V")]


def rows(*statuses: str) -> list[tuple[str, str]]:
    """Return number and the last column of the rows with these statuses."""
    return [(row[1], row[5]) for row in ROWS if row is not None and row[4] in statuses]


@cache
def functions_in(path: str) -> frozenset[str]:
    text = (ROOT / path).read_text(encoding="utf-8") if (ROOT / path).is_file() else ""
    return frozenset(re.findall(r"^ *def (test_\w+)", text, re.MULTILINE))


def missing_tests(text: str) -> list[str]:
    return [f"{path}::{name}" for path, name in NAMED_TEST.findall(text) if name not in functions_in(path)]


@cache
def anchors_of(page: Path) -> frozenset[str]:
    headings = re.findall(r"^#+ (.+)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return frozenset(re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings)


def missing_links(text: str) -> list[str]:
    """Return the parts of pages that are linked and not there; tests/test_architecture.py looks for the pages."""
    linked = [link for link in re.findall(r"\]\(([^)\s]*#[^)\s]+)\)", text) if "://" not in link]
    parts = [(link, *link.split("#")) for link in linked]
    return [link for link, page, anchor in parts if anchor not in anchors_of(DOCS / (page or "security.md"))]


def test_has_each_requirement_of_both_levels_once() -> None:
    assert None not in ROWS, "a row has five columns"
    assert [(row[1], row[2]) for row in ROWS if row is not None] == required()
    assert len(required()) == 253


def test_knows_no_other_status() -> None:
    assert {row[4] for row in ROWS if row is not None} == set(STATUSES)


def test_names_for_each_that_is_held_a_test_or_a_rule_of_the_linter() -> None:
    linter = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["ruff"]["lint"]
    assert "S" in linter["select"]
    for number, by in rows("held"):
        rules = re.findall(r"`(S\d{3})`", by)
        assert NAMED_TEST.search(by) or rules, number
        assert not set(rules) & set(linter["ignore"]), number
        assert re.sub(rf"{NAMED_TEST.pattern}|`S\d{{3}}`|ruff|[, ]", "", by) == "", number


@pytest.mark.parametrize("text", [TABLE, THREATS], ids=["table", "threats"])
def test_names_only_tests_and_parts_of_pages_that_exist(text: str) -> None:
    assert NAMED_TEST.search(text)
    assert missing_tests(text) == []
    assert missing_links(text) == []


def test_tells_what_is_not_there() -> None:
    assert missing_tests("`tests/test_worker.py::test_flies` `tests/test_none.py::test_flies`") == [
        "tests/test_worker.py::test_flies",
        "tests/test_none.py::test_flies",
    ]
    assert missing_links("[a](security.md#nowhere) [b](#nowhere) [c](https://x.example/#y)") == [
        "security.md#nowhere",
        "#nowhere",
    ]


def test_links_the_page_where_something_is_written() -> None:
    assert [number for number, by in rows("written", "machine") if ".md" not in by] == []


def test_gives_a_reason_where_something_is_not_done() -> None:
    assert [number for number, by in rows("n/a", "not met") if not re.fullmatch(r"[A-Z`\[].+ .+\.", by)] == []


def test_counts_what_it_has() -> None:
    levels = Counter((row[4], row[2]) for row in ROWS if row is not None)
    for status in STATUSES:
        (line,) = [line for line in TABLE.splitlines() if line.startswith(f"| {status} |")]
        counted = [int(cell) for cell in line.strip("|").split("|")[2:]]
        both = [levels[status, "1"], levels[status, "2"]]
        assert counted == [*both, sum(both)], status
    assert "| all | | 70 | 183 | 253 |" in TABLE
    met = len(rows("held", "written", "machine"))
    told = f"{met} are met, {len(rows('n/a'))} are about what the shop has not, {len(rows('not met'))} are not met"
    assert told in THREATS.replace("\n", " ")
