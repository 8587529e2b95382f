"""Keeps what is the same in every app: each test makes one of its own, and would read and compile it anew."""

from collections.abc import Iterator
from types import CodeType
from typing import Any

import pytest
from jinja2 import BytecodeCache
from jinja2.bccache import Bucket
from werkzeug.routing import Rule


class CompiledTemplates(BytecodeCache):
    """In memory, by what a template says. Compiling all takes a quarter of a test's time, a file a twentieth."""

    def __init__(self) -> None:
        self._codes: dict[tuple[str, str], CodeType] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        bucket.code = self._codes.get((bucket.key, bucket.checksum))

    def dump_bytecode(self, bucket: Bucket) -> None:
        assert bucket.code
        self._codes[bucket.key, bucket.checksum] = bucket.code


def keep_rules(patch: pytest.MonkeyPatch) -> None:
    """Reading an address rule, and the code that Werkzeug compiles for it, are three quarters of an app's cost."""
    parts: dict[str, tuple[tuple[Any, ...], list[tuple[bool, str]], dict[str, Any]]] = {}
    builders: dict[tuple[object, ...], Any] = {}
    parse, compile_builder = Rule._parse_rule, Rule._compile_builder

    def parse_once(rule: Rule, text: str) -> Iterator[Any]:
        """Parsing also notes in the rule what was read."""
        if text not in parts:
            fresh = rule.empty()
            fresh.map = rule.map
            parts[text] = (tuple(parse(fresh, text)), fresh._trace, fresh._converters)
        parsed, trace, converters = parts[text]
        rule._trace += trace
        rule._converters |= converters
        rule.arguments |= converters.keys()
        yield from parsed

    def compile_once(rule: Rule, append_unknown: bool = True) -> Any:
        known = (rule.rule, tuple(rule._trace), repr(rule.defaults), append_unknown)
        if known not in builders:
            builders[known] = compile_builder(rule, append_unknown)
        return builders[known]

    patch.setattr(Rule, "_parse_rule", parse_once)
    patch.setattr(Rule, "_compile_builder", compile_once)
