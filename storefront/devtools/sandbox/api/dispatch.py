"""Takes one API call from its parameters to its answer: caller, route, idempotency key, checks, execution."""

import re
from dataclasses import dataclass, field

from storefront.devtools.sandbox.api import authentication, idempotency
from storefront.devtools.sandbox.api.errors import StripeApiError, not_here, unrecognized_url
from storefront.devtools.sandbox.api.expansion import expand
from storefront.devtools.sandbox.api.faults import Struck
from storefront.devtools.sandbox.api.form_encoding import Tree
from storefront.devtools.sandbox.api.formats import check_formats
from storefront.devtools.sandbox.api.idempotency import StoredAnswer
from storefront.devtools.sandbox.api.json_rendering import render
from storefront.devtools.sandbox.api.older_shapes import newer_parameters, older_answer
from storefront.devtools.sandbox.api.permissions import demand_permission
from storefront.devtools.sandbox.api.routes import Call, Route, find_route
from storefront.devtools.sandbox.api.validation import validate
from storefront.devtools.sandbox.api.versions import Version
from storefront.devtools.sandbox.storage.records import Json
from storefront.devtools.sandbox.storage.store import Store


@dataclass(frozen=True, slots=True, kw_only=True)
class Incoming:
    """`version=None`: the caller left it to the account (as the command line does), and may send what is old."""

    request_id: str
    method: str
    path: str
    tree: Tree
    authorization: str | None = None
    version: Version | None = None
    idempotency_key: str | None = None
    base_url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    status: int
    text: str
    headers: dict[str, str] = field(default_factory=dict)
    is_replay: bool = False


def answer(store: Store, incoming: Incoming, struck: Struck | None = None) -> Answer:
    """Execute the call; every refusal is an answer too."""
    try:
        return _answer(store, incoming, struck)
    except StripeApiError as error:
        return error_answer(error, incoming.request_id)


def error_answer(error: StripeApiError, request_id: str) -> Answer:
    return Answer(status=error.status, text=render(error.body(request_id)), headers=error.headers)


def _answer(store: Store, incoming: Incoming, struck: Struck | None) -> Answer:
    match = find_route(incoming.method, incoming.path)
    key, caller, tree = _authenticate(store, incoming, is_public=match is not None and match[0].is_public)
    _refuse_absent_parts(incoming.path)
    if match is None:
        raise unrecognized_url(incoming.method, incoming.path)
    route, ids = match
    if not route.is_public:
        authentication.require_secret(caller)
    if caller is authentication.Caller.RESTRICTED:
        demand_permission(route, key, store.restricted_keys[key] or [], account=store.account_id)
    return _Execution(store=store, incoming=incoming, route=route, ids=ids, tree=tree, struck=struck).answer()


def _authenticate(store: Store, incoming: Incoming, *, is_public: bool) -> tuple[str, authentication.Caller, Tree]:
    """Return key, caller and the parameters; on public calls `key` is the caller's key and no parameter."""
    tree = dict(incoming.tree)
    key_parameter = tree.pop("key", None) if is_public else tree.get("key")
    key = authentication.given_key(
        incoming.authorization, key_parameter if isinstance(key_parameter, str) else None
    )
    caller = authentication.authenticate(
        key,
        secret_key=store.secret_key,
        publishable_key=store.publishable_key,
        restricted=store.restricted_keys,
    )
    return key or "", caller, tree


def _refuse_absent_parts(path: str) -> None:
    """Say that the sandbox leaves a part out, instead of answering as if an object were missing."""
    if path.startswith("/v2/"):
        raise not_here("API v2", "Use the v1 call for the same object, if there is one.")
    if re.fullmatch(r"/v1/[a-z_/]+/search", path):
        raise not_here(f"search ({path})", "List the objects, with filters, and look through the pages.")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Execution:
    store: Store
    incoming: Incoming
    route: Route
    ids: tuple[str, ...]
    tree: Tree
    struck: Struck | None

    def answer(self) -> Answer:
        key = self.incoming.idempotency_key if self.incoming.method == "POST" else None
        if not key:
            return self.run()
        with idempotency.reserved(self.store, key):
            return self.run_once(key)

    def run_once(self, key: str) -> Answer:
        """Replay what is stored under the key; execute and store otherwise."""
        with self.store.work() as work:
            stored = idempotency.find_stored(work, key, self._fingerprint())
        if stored is None:
            first = self.run(key)
            headers = {**first.headers, "Original-Request": self.incoming.request_id}
            return Answer(status=first.status, text=first.text, headers=headers)
        headers = {"Idempotent-Replayed": "true", "Original-Request": stored.request_id}
        return Answer(status=stored.status, text=stored.text, headers=headers, is_replay=True)

    def run(self, key: str | None = None) -> Answer:
        params = self._checked_params()
        try:
            if self.struck is not None:
                self.struck.strike()
            return self._execute(params, key)
        except StripeApiError as error:
            self._keep_error(error, key)
            raise

    def _checked_params(self) -> Json:
        version = self.incoming.version
        self.route.refuse_removed(self.tree, version)
        tree = newer_parameters(self.tree, self.incoming.path, version)
        params = validate(tree, self.route.spec(version))
        self.route.refuse_unsupported(params)
        if self.incoming.method == "POST":
            check_formats(params)
        if self.route.check is not None:
            self.route.check(params)
        return params

    def _execute(self, params: Json, key: str | None) -> Answer:
        incoming = self.incoming
        with self.store.work(
            base_url=incoming.base_url,
            # What a page does is nobody's API request in Stripe's events.
            request_id=None if self.route.is_public else incoming.request_id,
            idempotency_key=None if self.route.is_public else incoming.idempotency_key,
        ) as work:
            result = self._result(Call(work=work, params=params, ids=self.ids, version=incoming.version))
            if key is not None:
                idempotency.keep(work, key, self._fingerprint(), self._stored(result))
        return result

    def _result(self, call: Call) -> Answer:
        """Return the object, or the error of a call whose work stays (a declined payment)."""
        try:
            paths = call.params.pop("expand", None) or []
            body = expand(call.work, self.route.handler(call), paths)
            return Answer(status=200, text=render(older_answer(call.work.records, body, call.version)))
        except StripeApiError as error:
            if not error.keeps_work:
                raise
            return error_answer(error, self.incoming.request_id)

    def _keep_error(self, error: StripeApiError, key: str | None) -> None:
        if key is None or not error.is_stored:
            return
        stored = self._stored(error_answer(error, self.incoming.request_id))
        with self.store.work() as work:
            idempotency.keep(work, key, self._fingerprint(), stored)

    def _fingerprint(self) -> str:
        return idempotency.fingerprint(self.incoming.method, self.incoming.path, self.tree)

    def _stored(self, result: Answer) -> StoredAnswer:
        return StoredAnswer(status=result.status, text=result.text, request_id=self.incoming.request_id)
