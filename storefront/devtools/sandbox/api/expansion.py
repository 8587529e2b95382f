"""`expand[]`: ids become objects, and lists that are absent by default appear."""

from collections.abc import Callable
from typing import Any

from storefront.devtools.sandbox.api.errors import StripeApiError, invalid
from storefront.devtools.sandbox.storage.records import Json
from storefront.devtools.sandbox.storage.unit_of_work import UnitOfWork

_MAXIMUM_DEPTH = 4

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
    "dispute": {"charge": "charge", "payment_intent": "payment_intent"},
    "radar.early_fraud_warning": {"charge": "charge", "payment_intent": "payment_intent"},
    "balance_transaction": {"source": "charge"},
    "payment_method": {"customer": "customer"},
    "price": {"product": "product"},
    "product": {"default_price": "price"},
    "promotion_code": {"promotion.coupon": "coupon", "customer": "customer"},
    "discount": {"promotion_code": "promotion_code", "source.coupon": "coupon", "customer": "customer"},
}

Builder = Callable[[UnitOfWork, Json], Json | list[Json]]
_BUILDERS: dict[tuple[str, str], Builder] = {}


def builds(kind: str, path: str) -> Callable[[Builder], Builder]:
    """Register what makes a member that is absent until expanded."""

    def register(builder: Builder) -> Builder:
        _BUILDERS[kind, path] = builder
        return builder

    return register


def expand(work: UnitOfWork, body: Json, paths: list[str]) -> Json:
    """Changes and returns `body`, which must not be saved afterwards."""
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
    def __init__(self, work: UnitOfWork, path: str) -> None:
        self.work = work
        self.path = path

    def descend(self, node: Any, parts: list[str], owner: Json | None = None, prefix: str = "") -> None:  # noqa: ANN401 - a JSON value
        if node is None or not parts:
            return
        if isinstance(node, list):
            for each in node:
                self.descend(each, parts, owner, prefix)
            return
        if not isinstance(node, dict):
            raise self._cannot()
        if node.get("object") == "list":
            if parts[0] != "data":
                raise self._cannot()
            self.descend(node["data"], parts[1:])
            return
        if "object" in node:
            owner, prefix = node, ""
        if owner is None:
            raise self._cannot()
        self._open(node, parts, owner, prefix)

    def _open(self, node: Json, parts: list[str], owner: Json, prefix: str) -> None:
        name, rest = parts[0], parts[1:]
        path = f"{prefix}.{name}" if prefix else name
        builder = _BUILDERS.get((owner["object"], path))
        target = _REFERENCES.get(owner["object"], {}).get(path)
        if builder is not None:
            if node.get(name) is None:
                node[name] = builder(self.work, owner)
        elif target is not None:
            if isinstance(node.get(name), str):
                node[name] = self._fetch(target, node[name])
        elif name not in node or not rest or not isinstance(node[name], dict | list):
            raise self._cannot()
        # A reference may be absent (`failure_balance_transaction`): then there is nothing to expand.
        self.descend(node.get(name), rest, owner, path)

    def _fetch(self, kind: str, object_id: str) -> Json | str:
        # A balance transaction's source may be a charge or a refund.
        kinds = ("charge", "refund", "dispute") if kind == "charge" else (kind,)
        for each in kinds:
            record = self.work.records.find(each, object_id)
            if record is not None:
                return record.body
        return object_id

    def _cannot(self) -> StripeApiError:
        return invalid(f"This property cannot be expanded ({self.path}).", param="expand", is_stored=False)
