"""The schema for editors says of an exported folder, and of a typed one, that it is right."""

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml
from flask import Flask

from storefront.shop.files.schema import make_schema
from storefront.shop.files.yaml_text import split_front_matter
from tests.shop.files.folders import export, full_folder

LANGUAGE = re.compile(r"\.(de|fr|es|en)\.")


class Loader(yaml.SafeLoader):
    """As editors read it: YAML 1.2 knows no dates."""


Loader.yaml_implicit_resolvers = {
    letter: [pair for pair in resolvers if pair[0] != "tag:yaml.org,2002:timestamp"]
    for letter, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


@pytest.fixture
def validator() -> Any:
    """Imported here: with it come forty grammars, which cost each process that collects tests three seconds."""
    from jsonschema import Draft202012Validator

    return Draft202012Validator


def check(root: Path, validator: Any) -> int:
    schema, count = make_schema(), 0
    for path in root.rglob("*"):
        name = (
            f"{path.parent.name}/*.md"
            if path.parent.name in ("pages", "emails")
            else LANGUAGE.sub(".*.", path.name)
        )
        definition: Any = schema["$defs"].get(name)
        if definition is None:
            continue
        text = path.read_text(encoding="utf-8")
        front = split_front_matter(text)[0] or ""
        content = tomllib.loads(text) if path.suffix == ".toml" else yaml.load(front, Loader=Loader)  # noqa: S506 - it is a safe one
        validator(definition).validate(content)
        count += 1
    return count


def test_knows_what_an_export_writes(app: Flask, validator: Any, tmp_path: Path) -> None:
    export(app, tmp_path / "shop")
    assert check(tmp_path / "shop", validator) > 6


def test_names_an_unknown_field(validator: Any, tmp_path: Path) -> None:
    schema = make_schema()
    validator.check_schema(schema)
    assert [error.message for error in validator(schema["$defs"]["product.md"]).iter_errors({"tagine": "x"})]
    assert check(full_folder(tmp_path / "shop"), validator) == 13
