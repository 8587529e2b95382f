"""Keeps what is the same in every app: each test makes one of its own, and would read and compile it anew."""

from types import CodeType
from typing import Any, ClassVar

from jinja2 import BytecodeCache
from jinja2.bccache import Bucket
from werkzeug.routing import Map, Rule, RuleFactory

from storefront.cli.late_pages import LateAddresses


class CompiledTemplates(BytecodeCache):
    """In memory, by what a template says. Compiling all takes a quarter of a test's time, a file a twentieth."""

    def __init__(self) -> None:
        self._codes: dict[tuple[str, str], CodeType] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        bucket.code = self._codes.get((bucket.key, bucket.checksum))

    def dump_bytecode(self, bucket: Bucket) -> None:
        assert bucket.code
        self._codes[bucket.key, bucket.checksum] = bucket.code


Key = tuple[object, ...]


class SharedMap(Map):
    """The addresses of an app, read and compiled once for all apps that have the same ones.

    Doing so is most of an app's cost. Rules wait until somebody asks, and then those of an earlier app are taken.
    """

    _known: ClassVar[dict[Key, "SharedMap"]] = {}

    def __init__(self, *args: Any, **options: Any) -> None:
        self._own: list[Rule] = []
        self._is_asked = False
        super().__init__(*args, **options)

    def add(self, rulefactory: RuleFactory) -> None:
        self._own += rulefactory.get_rules(self)
        self._is_asked = False

    def update(self) -> None:
        if not self._is_asked:
            with self._remap_lock:
                self._take()
        super().update()

    def _take(self) -> None:
        """Also where rules come later: what is taken belongs to others, and nothing is added to it."""
        if self._is_asked:
            return
        key = (self.merge_slashes, frozenset(self.converters.items()), *map(_name, self._own))
        if key not in self._known:
            self._known[key] = self._compiled()
        known = self._known[key]
        self._matcher, self._rules_by_endpoint, self._remap = known._matcher, known._rules_by_endpoint, False
        self._is_asked = True

    def _compiled(self) -> "SharedMap":
        made = SharedMap(converters=self.converters)
        made.merge_slashes = self.merge_slashes
        for rule in self._own:
            fresh: Any = rule.empty()  # which leaves two things out
            fresh.websocket, fresh.merge_slashes = rule.websocket, rule.merge_slashes
            fresh.provide_automatic_options = _answers_options(rule)
            Map.add(made, fresh)
        Map.update(made)
        return made


class SharedLateMap(LateAddresses, SharedMap):
    """The same for the app of a command."""


def _name(rule: Rule) -> Key:
    """Return all that Flask says of a rule."""
    methods = frozenset(rule.methods or ())
    said = (rule.endpoint, methods, repr(rule.defaults), rule.strict_slashes, rule.merge_slashes, rule.build_only)
    where = (rule.subdomain, rule.host, rule.redirect_to, rule.alias, rule.websocket)
    return (rule.rule, *said, *where, _answers_options(rule))


def _answers_options(rule: Any) -> bool:
    """Flask keeps it in the rule, of which Werkzeug knows nothing."""
    return bool(rule.provide_automatic_options)
