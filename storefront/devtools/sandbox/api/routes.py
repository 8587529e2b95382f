"""The table of API calls: which handler answers which method and path, and what parameters it takes."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from storefront.devtools.sandbox.api.errors import not_found, unsupported
from storefront.devtools.sandbox.api.form_encoding import Tree
from storefront.devtools.sandbox.api.parameter_types import NOTHING, Spec, spec_of, with_fields
from storefront.devtools.sandbox.api.versions import Removed, Version
from storefront.devtools.sandbox.storage.records import Json, Record
from storefront.devtools.sandbox.storage.unit_of_work import UnitOfWork


@dataclass(slots=True, kw_only=True)
class Call:
    """One call inside its transaction; `ids` are the `{…}` parts of the path, in order."""

    work: UnitOfWork
    params: Json
    ids: tuple[str, ...]
    version: Version | None = None

    def get(self, kind: str, place: int = 0, param: str = "id") -> Record:
        """Return the object the path names, or raise Stripe's 404."""
        record = self.work.records.find(kind, self.ids[place])
        if record is None or record.deleted:
            raise not_found(kind, self.ids[place], param)
        return record


Handler = Callable[[Call], Json]


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """`params`: the Stripe library's own parameter type; `extra`: what is allowed besides.

    `removed`: what the newest API version no longer takes.
    `optional`: what the library's type demands, and who sends a removed parameter may leave out.
    `unsupported`: known to Stripe, refused here, with a dot for members.
    `check`: what can be judged from the parameters alone, before anything is executed.
    """

    method: str
    path: tuple[str, ...]
    handler: Handler
    params: type | None
    extra: Mapping[str, Spec] = field(default_factory=dict)
    removed: Mapping[str, Removed] = field(default_factory=dict)
    optional: tuple[str, ...] = ()
    unsupported: tuple[str, ...] = ()
    check: Callable[[Json], None] | None = None
    is_public: bool = False

    def spec(self, version: Version | None) -> Spec:
        known = NOTHING if self.params is None else spec_of(self.params)
        older = {name: removed.spec for name, removed in self.removed.items() if removed.is_taken_in(version)}
        if older:
            return with_fields(known, {**self.extra, **older}, self.optional)
        return with_fields(known, self.extra) if self.extra else known

    def refuse_removed(self, tree: Tree, version: Version | None) -> None:
        for name, removed in self.removed.items():
            if name in tree and not removed.is_taken_in(version):
                raise removed.error(name)

    def refuse_unsupported(self, params: Json) -> None:
        """Name them all in one error. `{"enabled": false}` asks for nothing, so it is let through."""
        requested = [name for entry in self.unsupported for name in _requested(params, entry)]
        if requested:
            raise unsupported(requested)


def _requested(params: Json, entry: str) -> list[str]:
    """Return the full names under which a call asks for a parameter, or for a member of it or of its items."""
    outer, _, member = entry.partition(".")
    value = params.get(outer)
    if not member:
        return [outer] if _is_requested(value) else []
    return [f"{name}[{member}]" for name, holder in _holders(outer, value) if _has_requested(holder, member)]


def _holders(name: str, value: object) -> list[tuple[str, object]]:
    """Return the hash, or each item of an array, with its full name."""
    if isinstance(value, list):
        return [(f"{name}[{place}]", item) for place, item in enumerate(value)]
    return [(name, value)]


def _has_requested(holder: object, member: str) -> bool:
    return isinstance(holder, dict) and _is_requested(holder.get(member))


def _is_requested(value: object) -> bool:
    return value is not None and value not in ("", {"enabled": False})


ROUTES: list[Route] = []
_BY_SHAPE: dict[tuple[str, int], list[Route]] = {}


def route(
    call: str,
    params: type | None = None,
    *,
    extra: Mapping[str, Spec] | None = None,
    removed: Mapping[str, Removed] | None = None,
    optional: tuple[str, ...] = (),
    unsupported: tuple[str, ...] = (),
    check: Callable[[Json], None] | None = None,
    is_public: bool = False,
) -> Callable[[Handler], Handler]:
    """Register a handler: `@route("GET /v1/products/{id}", ProductRetrieveParams)`."""
    method, _, path = call.partition(" ")

    def register(handler: Handler) -> Handler:
        entry = Route(
            method=method,
            path=tuple(path.strip("/").split("/")),
            handler=handler,
            params=params,
            extra=extra or {},
            removed=removed or {},
            optional=optional,
            unsupported=unsupported,
            check=check,
            is_public=is_public,
        )
        ROUTES.append(entry)
        _BY_SHAPE.setdefault((method, len(entry.path)), []).append(entry)
        return handler

    return register


def find_route(method: str, path: str) -> tuple[Route, tuple[str, ...]] | None:
    """Return the route and the ids in the path; an empty id matches nothing."""
    parts = path.removeprefix("/").split("/")
    for entry in _BY_SHAPE.get((method, len(parts)), ()):
        ids = _match(entry.path, parts)
        if ids is not None:
            return entry, ids
    return None


def _match(pattern: tuple[str, ...], parts: list[str]) -> tuple[str, ...] | None:
    ids = []
    for wanted, part in zip(pattern, parts, strict=True):
        if wanted.startswith("{") and part:
            ids.append(part)
        elif wanted != part:
            return None
    return tuple(ids)
