"""The migrations are one chain. Two branches that each add one give it the same number, and meet here."""

import re

from storefront.migrations.head import FOLDER, head

REVISION = re.compile(r'^revision = "(\w+)"$', re.MULTILINE)
BEFORE = re.compile(r'^down_revision = "(\w+)"$', re.MULTILINE)


def test_numbers_each_migration_once_and_after_the_one_before() -> None:
    files = sorted((FOLDER / "versions").glob("[0-9]*.py"))
    texts = [file.read_text(encoding="utf-8") for file in files]
    numbers = [file.name.partition("_")[0] for file in files]
    assert len(set(numbers)) == len(numbers), "two migrations have one number: give yours the next free one"
    assert [REVISION.findall(text) for text in texts] == [[number] for number in numbers]
    assert [BEFORE.findall(text) for text in texts] == [[], *([number] for number in numbers[:-1])]
    assert head() == numbers[-1]
