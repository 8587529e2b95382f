"""The table of API calls: which handler answers which method and path, and what parameters it takes."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from storefront.devtools.sandbox.api.errors import no_longer_supported, not_found, unsupported
from storefront.devtools.sandbox.api.form_encoding import Tree
from storefront.devtools.sandbox.api.parameter_types import NOTHING, Spec, spec_of, with_fields
from storefront.devtools.sandbox.storage.records import Json, Record
from storefront.devtools.sandbox.storage.unit_of_work import UnitOfWork


@dataclass(slots=True, kw_only=True)
class Call:
    """One call inside its transaction; `ids` are the `{…}` parts of the path, in order."""

    work: UnitOfWork
    params: Json
    ids: tuple[str, ...]
    is_strict: bool

    def get(self, kind: str, place: int = 0, param: str = "id") -> Record:
        """The object the path names, or Stripe's 404."""
        record = self.work.records.find(kind, self.ids[place])
        if record is None or record.deleted:
            raise not_found(kind, self.ids[place], param)
        return record


Handler = Callable[[Call], Json]


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """`params`: the Stripe library's own parameter type; `extra`: what is allowed besides.

    `lenient`: accepted only from callers that name no API version, as the command line does.
    `optional`: what the library's type demands and a lenient caller may leave out.
    `removed`: what the newest API version no longer takes.
    `unsupported`: known to Stripe, refused here, with a dot for members.
    `check`: what can be judged from the parameters alone, before anything is executed.
    """

    method: str
    path: tuple[str, ...]
    handler: Handler
    params: type | None
    extra: Mapping[str, Spec] = field(default_factory=dict)
    lenient: Mapping[str, Spec] = field(default_factory=dict)
    optional: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    unsupported: tuple[str, ...] = ()
    check: Callable[[Json], None] | None = None
    is_public: bool = False

    def spec(self, *, is_strict: bool) -> Spec:
        known = NOTHING if self.params is None else spec_of(self.params)
        extra = {**self.extra, **({} if is_strict else self.lenient)}
        return known if not extra else with_fields(known, extra, () if is_strict else self.optional)

    def refuse_removed(self, tree: Tree, *, is_strict: bool) -> None:
        for name in self.removed:
            if is_strict and name in tree:
                raise no_longer_supported(name)

    def refuse_unsupported(self, params: Json) -> None:
        """`{"enabled": false}` asks for nothing, so it is let through. One error names them all."""
        found = [name for entry in self.unsupported for name in _asked_for(params, *entry.partition(".")[::2])]
        if found:
            raise unsupported(found)


def _asked_for(params: Json, outer: str, member: str) -> list[str]:
    """The full names under which a call asks for `outer`, or for `member` of it or of each of its items."""
    value = params.get(outer)
    if not member:
        return [outer] if _is_asked(value) else []
    holders = [(f"{outer}[{place}]", each) for place, each in enumerate(value)] if isinstance(value, list) else []
    return [
        f"{name}[{member}]"
        for name, holder in holders or [(outer, value)]
        if isinstance(holder, dict) and _is_asked(holder.get(member))
    ]


def _is_asked(value: object) -> bool:
    return value is not None and value not in ("", {"enabled": False})


ROUTES: list[Route] = []
_BY_SHAPE: dict[tuple[str, int], list[Route]] = {}


def route(
    call: str,
    params: type | None = None,
    *,
    extra: Mapping[str, Spec] | None = None,
    lenient: Mapping[str, Spec] | None = None,
    optional: tuple[str, ...] = (),
    removed: tuple[str, ...] = (),
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
            lenient=lenient or {},
            optional=optional,
            removed=removed,
            unsupported=unsupported,
            check=check,
            is_public=is_public,
        )
        ROUTES.append(entry)
        _BY_SHAPE.setdefault((method, len(entry.path)), []).append(entry)
        return handler

    return register


def find_route(method: str, path: str) -> tuple[Route, tuple[str, ...]] | None:
    """The route and the ids in the path; an empty id matches nothing."""
    parts = path.removeprefix("/").split("/")
    for entry in _BY_SHAPE.get((method, len(parts)), ()):
        ids = []
        for wanted, part in zip(entry.path, parts, strict=True):
            if wanted.startswith("{") and part:
                ids.append(part)
            elif wanted != part:
                break
        else:
            return entry, tuple(ids)
    return None
