"""One API call from parameters to answer: idempotency, validation, execution, expansion."""

import re
import time
from dataclasses import dataclass, field

from storefront.devtools.sandbox.api import authentication, idempotency
from storefront.devtools.sandbox.api.errors import StripeApiError, invalid, not_here, unrecognized_url
from storefront.devtools.sandbox.api.expansion import expand
from storefront.devtools.sandbox.api.faults import Fault
from storefront.devtools.sandbox.api.form_encoding import Tree
from storefront.devtools.sandbox.api.formats import check_formats
from storefront.devtools.sandbox.api.idempotency import StoredAnswer
from storefront.devtools.sandbox.api.json_rendering import render
from storefront.devtools.sandbox.api.routes import Call, Route, find_route
from storefront.devtools.sandbox.api.validation import validate
from storefront.devtools.sandbox.storage.store import Store


@dataclass(frozen=True, slots=True, kw_only=True)
class Incoming:
    """`version=None`: the caller left it to the account (as the command line does)."""

    request_id: str
    method: str
    path: str
    tree: Tree
    authorization: str | None = None
    version: str | None = None
    idempotency_key: str | None = None
    base_url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    status: int
    text: str
    headers: dict[str, str] = field(default_factory=dict)
    is_replay: bool = False


def answer(store: Store, incoming: Incoming, fault: Fault | None = None) -> Answer:
    try:
        return _answer(store, incoming, fault)
    except StripeApiError as error:
        return _from_error(error, incoming)


def _answer(store: Store, incoming: Incoming, fault: Fault | None) -> Answer:
    found = find_route(incoming.method, incoming.path)
    tree = dict(incoming.tree)
    is_public = found is not None and found[0].is_public
    key_parameter = tree.pop("key", None) if is_public else tree.get("key")
    caller = authentication.authenticate(
        authorization=incoming.authorization,
        key_parameter=key_parameter if isinstance(key_parameter, str) else None,
        secret_key=store.secret_key,
        publishable_key=store.publishable_key,
    )
    _refuse_absent_parts(incoming.path)
    if found is None:
        raise unrecognized_url(incoming.method, incoming.path)
    route, ids = found
    if not route.is_public:
        authentication.require_secret(caller)
    job = _Job(store=store, incoming=incoming, route=route, ids=ids, tree=tree, fault=fault)
    key = incoming.idempotency_key if incoming.method == "POST" else None
    if not key:
        return job.run()
    with idempotency.reserved(store, key):
        return job.run_once(key)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Job:
    store: Store
    incoming: Incoming
    route: Route
    ids: tuple[str, ...]
    tree: Tree
    fault: Fault | None

    def run_once(self, key: str) -> Answer:
        with self.store.work() as work:
            stored = idempotency.find_stored(work, key, self._mark())
        if stored is None:
            done = self.run(key)
            return Answer(
                status=done.status,
                text=done.text,
                headers={**done.headers, "Original-Request": self.incoming.request_id},
            )
        headers = {"Idempotent-Replayed": "true", "Original-Request": stored.request_id}
        return Answer(status=stored.status, text=stored.text, headers=headers, is_replay=True)

    def run(self, key: str | None = None) -> Answer:
        is_strict = self.incoming.version is not None
        self.route.refuse_removed(self.tree, is_strict=is_strict)
        params = validate(self.tree, self.route.spec(is_strict=is_strict))
        self.route.refuse_unsupported(params)
        if self.incoming.method == "POST":
            check_formats(params)
        if self.route.check is not None:
            self.route.check(params)
        try:
            self._suffer()
            return self._execute(params, key, is_strict=is_strict)
        except StripeApiError as error:
            if key is not None and error.is_stored:
                text = render(error.body(self.incoming.request_id))
                with self.store.work() as work:
                    idempotency.keep(work, key, self._mark(), self._stored(error.status, text))
            raise

    def _execute(self, params: dict[str, object], key: str | None, *, is_strict: bool) -> Answer:
        incoming = self.incoming
        headers: dict[str, str] = {}
        with self.store.work(
            base_url=incoming.base_url,
            # What a page does is nobody's API request in Stripe's events.
            request_id=None if self.route.is_public else incoming.request_id,
            idempotency_key=None if self.route.is_public else incoming.idempotency_key,
        ) as work:
            call = Call(work=work, params=params, ids=self.ids, is_strict=is_strict)
            try:
                paths = call.params.pop("expand", None) or []
                status, body = 200, expand(work, self.route.handler(call), paths)
            except StripeApiError as error:
                if not error.keeps_work:
                    raise
                status, body, headers = error.status, error.body(incoming.request_id), error.headers
            text = render(body)
            if key is not None:
                idempotency.keep(work, key, self._mark(), self._stored(status, text))
        return Answer(status=status, text=text, headers=headers)

    def _mark(self) -> str:
        return idempotency.fingerprint(self.incoming.method, self.incoming.path, self.tree)

    def _stored(self, status: int, text: str) -> StoredAnswer:
        return StoredAnswer(status=status, text=text, request_id=self.incoming.request_id)

    def _suffer(self) -> None:
        fault = self.fault
        if fault is None:
            return
        if fault.delay_seconds and not fault.drop_after_execution:
            time.sleep(fault.delay_seconds)
        if fault.status is not None:
            headers = {}
            if fault.should_retry is not None:
                headers["Stripe-Should-Retry"] = str(fault.should_retry).lower()
            raise StripeApiError(
                fault.status,
                fault.message,
                kind=fault.type,
                code=fault.code,
                is_stored=fault.stored_under_idempotency_key and fault.status not in {409, 429},
                headers=headers,
            )


def _refuse_absent_parts(path: str) -> None:
    """What the SDKs can call and the sandbox leaves out says so, instead of looking like a missing object."""
    if path.startswith("/v2/"):
        raise not_here("API v2", "Use the v1 call for the same object, if there is one.")
    if re.fullmatch(r"/v1/[a-z_/]+/search", path):
        raise not_here(f"search ({path})", "List the objects, with filters, and look through the pages.")


def check_version(version: str | None) -> None:
    """Any dated version is answered in the shape of the newest one."""
    if version is None:
        return
    date, _, train = version.partition(".")
    parts = date.split("-")
    if len(parts) != 3 or not all(part.isdigit() for part in parts) or (train and not train.isalpha()):
        raise invalid(f"Invalid Stripe API version: {version}", is_stored=False)


def _from_error(error: StripeApiError, incoming: Incoming) -> Answer:
    return Answer(status=error.status, text=render(error.body(incoming.request_id)), headers=error.headers)
