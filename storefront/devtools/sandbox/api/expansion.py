"""`expand[]`: ids become objects, and lists that are absent by default appear."""

from collections.abc import Callable
from typing import Any

from storefront.devtools.sandbox.api.errors import StripeApiError, invalid
from storefront.devtools.sandbox.payments.evidence_files import FILE_KEYS
from storefront.devtools.sandbox.storage.records import Json
from storefront.devtools.sandbox.storage.unit_of_work import UnitOfWork

_MAXIMUM_DEPTH = 4
# References that may name several kinds: a balance transaction comes from one of these.
_KINDS_OF = {"source": ("charge", "refund", "dispute", "payout")}

# kind -> path below that object -> kind of what the id names
_REFERENCES: dict[str, dict[str, str]] = {
    "checkout.session": {
        "customer": "customer",
        "payment_intent": "payment_intent",
        "invoice": "invoice",
        "payment_link": "payment_link",
        "setup_intent": "setup_intent",
        "subscription": "subscription",
        "discounts.promotion_code": "promotion_code",
        "discounts.coupon": "coupon",
    },
    "payment_intent": {
        "customer": "customer",
        "latest_charge": "charge",
        "payment_method": "payment_method",
    },
    "charge": {
        "balance_transaction": "balance_transaction",
        "customer": "customer",
        "payment_intent": "payment_intent",
    },
    "refund": {
        "balance_transaction": "balance_transaction",
        "charge": "charge",
        "failure_balance_transaction": "balance_transaction",
        "payment_intent": "payment_intent",
    },
    "dispute": {
        "charge": "charge",
        "payment_intent": "payment_intent",
        **{f"evidence.{name}": "file" for name in FILE_KEYS},
    },
    "radar.early_fraud_warning": {"charge": "charge", "payment_intent": "payment_intent"},
    "balance_transaction": {"source": "source"},
    "payout": {"balance_transaction": "balance_transaction"},
    "payment_method": {"customer": "customer"},
    "price": {"product": "product"},
    "product": {"default_price": "price"},
    "promotion_code": {"promotion.coupon": "coupon", "customer": "customer"},
    "discount": {"promotion_code": "promotion_code", "source.coupon": "coupon", "customer": "customer"},
}

Builder = Callable[[UnitOfWork, Json], Json | list[Json] | None]
_BUILDERS: dict[tuple[str, str], Builder] = {}


def builds(kind: str, path: str) -> Callable[[Builder], Builder]:
    """Register what makes a member that is absent until expanded."""

    def register(builder: Builder) -> Builder:
        _BUILDERS[kind, path] = builder
        return builder

    return register


def expand(work: UnitOfWork, body: Json, paths: list[str]) -> Json:
    """Change and return `body`, which must not be saved afterwards."""
    for path in paths:
        parts = path.split(".")
        if len(parts) > _MAXIMUM_DEPTH:
            raise invalid(
                f"You cannot expand more than {_MAXIMUM_DEPTH} levels of a property.",
                param="expand",
                is_stored=False,
            )
        _Expansion(work, path).descend(body, parts)
    return body


class _Expansion:
    """Walks down one path. `owner` is the object whose member is looked at, `prefix` the path from it to there."""

    def __init__(self, work: UnitOfWork, path: str) -> None:
        self.work = work
        self.path = path

    def descend(self, node: Any, parts: list[str], owner: Json | None = None, prefix: str = "") -> None:  # noqa: ANN401 - a JSON value
        if node is None or not parts:
            return
        if isinstance(node, list):
            for item in node:
                self.descend(item, parts, owner, prefix)
        elif isinstance(node, dict):
            self._descend_into_hash(node, parts, owner, prefix)
        else:
            raise self._cannot()

    def _descend_into_hash(self, node: Json, parts: list[str], owner: Json | None, prefix: str) -> None:
        if node.get("object") == "list":
            self._open_list(node, parts)
        elif "object" in node:
            self._open(node, parts, node, "")
        elif owner is not None:
            self._open(node, parts, owner, prefix)
        else:
            raise self._cannot()

    def _open_list(self, node: Json, parts: list[str]) -> None:
        if parts[0] != "data":
            raise self._cannot()
        self.descend(node["data"], parts[1:])

    def _open(self, node: Json, parts: list[str], owner: Json, prefix: str) -> None:
        name, rest = parts[0], parts[1:]
        path = f"{prefix}.{name}" if prefix else name
        if not self._fill(node, name, owner, path) and not _leads_on(node, name, rest):
            raise self._cannot()
        # A reference may be absent (`failure_balance_transaction`): then there is nothing to expand.
        self.descend(node.get(name), rest, owner, path)

    def _build(self, builder: Builder, node: Json, name: str, owner: Json) -> None:
        built = builder(self.work, owner) if node.get(name) is None else None
        if built is not None:
            node[name] = built

    def _fill(self, node: Json, name: str, owner: Json, path: str) -> bool:
        """Put the object where its id stands, or what is absent until expanded; False if neither belongs here."""
        builder = _BUILDERS.get((owner["object"], path))
        if builder is not None:
            self._build(builder, node, name, owner)
            return True
        target = _REFERENCES.get(owner["object"], {}).get(path)
        if target is not None and isinstance(node.get(name), str):
            node[name] = self._fetch(target, node[name])
        return target is not None

    def _fetch(self, kind: str, object_id: str) -> Json | str:
        for candidate in _KINDS_OF.get(kind, (kind,)):
            record = self.work.records.find(candidate, object_id)
            if record is not None:
                return record.body
        return object_id

    def _cannot(self) -> StripeApiError:
        return invalid(f"This property cannot be expanded ({self.path}).", param="expand", is_stored=False)


def _leads_on(node: Json, name: str, rest: list[str]) -> bool:
    """Tell whether the member is a hash or a list on the way to something further down."""
    return bool(rest) and isinstance(node.get(name), dict | list)
