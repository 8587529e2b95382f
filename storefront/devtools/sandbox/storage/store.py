"""What a running sandbox knows: its database, account, keys and settings; and look-ups for the pages."""

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import cast

from flask import current_app

from storefront.devtools.sandbox.config import SandboxConfig
from storefront.devtools.sandbox.ids import new_id
from storefront.devtools.sandbox.settings import Settings
from storefront.devtools.sandbox.storage.database import Database
from storefront.devtools.sandbox.storage.records import Json, Records
from storefront.devtools.sandbox.storage.unit_of_work import UnitOfWork


class Store:
    """Shared by all request threads; every change goes through `work()`."""

    def __init__(self, config: SandboxConfig) -> None:
        self.config = config
        self.database = Database(config.data)
        self.base_url = f"http://{config.host}:{config.port}"
        self.on_deliveries: Callable[[], None] = lambda: None
        self.on_timers: Callable[[], None] = lambda: None
        self.on_events: Callable[[list[str]], None] = lambda _payloads: None
        self.has_listeners: Callable[[], bool] = lambda: False
        self.in_flight_keys: set[str] = set()
        self.in_flight_lock = threading.Lock()
        with self.database.transaction():
            self.account_id = self._keep("account_id", new_id("acct_1"))
            self.created = int(self._keep("created", str(int(time.time()))))
            self.secret_key = self._keep("secret_key", new_id("sk_test_51"), config.secret_key)
            self.publishable_key = self._keep("publishable_key", new_id("pk_test_51"), config.publishable_key)
            self.listen_secret = self._keep("listen_secret", new_id("whsec_"), config.listen_secret)
            self.restricted_keys: dict[str, list[str] | None] = json.loads(self._meta("restricted_keys") or "{}")
            self.settings = config.settings.changed(json.loads(self._meta("settings") or "{}"))

    @contextmanager
    def work(
        self,
        *,
        base_url: str | None = None,
        request_id: str | None = None,
        idempotency_key: str | None = None,
        at: float | None = None,
    ) -> Iterator[UnitOfWork]:
        """Open one transaction; the delivery and timer threads are woken once it is committed."""
        with self.database.transaction() as connection:
            work = UnitOfWork(
                records=Records(connection),
                settings=self.settings,
                base_url=base_url or self.base_url,
                account_id=self.account_id,
                request_id=request_id,
                idempotency_key=idempotency_key,
                at=at,
                payloads=[] if self.has_listeners() else None,
            )
            yield work
        self._wake_threads(work)

    def _wake_threads(self, work: UnitOfWork) -> None:
        if work.has_deliveries:
            self.on_deliveries()
        if work.has_timers:
            self.on_timers()
        if work.payloads:
            self.on_events(work.payloads)

    def change_settings(self, changes: Json) -> Settings:
        """Change and keep the settings; raise ValueError that names the wrong one."""
        with self.database.transaction():
            self.settings = self.settings.changed(changes)
            self._set_meta("settings", json.dumps(self.settings.to_json()))
        return self.settings

    def add_restricted_key(self, permissions: list[str]) -> str:
        """Make a key that may do so much, such as `product_write` and `event_read`; return it."""
        key = new_id("rk_test_51")
        self._keep_restricted({**self.restricted_keys, key: permissions})
        return key

    def roll_restricted_key(self, key: str) -> None:
        """Let a key end, as if its owner had rolled it. Raises ValueError for one that is not known."""
        if key not in self.restricted_keys:
            raise ValueError("no such restricted key")
        self._keep_restricted({**self.restricted_keys, key: None})

    def _keep_restricted(self, keys: dict[str, list[str] | None]) -> None:
        self.restricted_keys = keys
        self._set_meta("restricted_keys", json.dumps(keys))

    def reset(self, *, keeps_keys: bool = True, keeps_endpoints: bool = True) -> None:
        """Forget everything that happened; settings go back to those of the start."""
        with self.database.transaction() as connection:
            if keeps_endpoints:
                connection.execute("DELETE FROM objects WHERE kind <> 'webhook_endpoint' OR deleted = 1")
            else:
                connection.execute("DELETE FROM objects")
            for table in ("idempotency", "timers", "deliveries", "turns", "attempts"):
                connection.execute(f"DELETE FROM {table}")  # noqa: S608 - the names above
            connection.execute("DELETE FROM meta WHERE name = 'settings'")
            self.settings = self.config.settings
            if not keeps_keys:
                self._renew_keys()

    def _renew_keys(self) -> None:
        self.account_id = self._set_meta("account_id", new_id("acct_1"))
        self.secret_key = self._set_meta("secret_key", new_id("sk_test_51"))
        self.publishable_key = self._set_meta("publishable_key", new_id("pk_test_51"))

    def close(self) -> None:
        self.database.close()

    def _keep(self, name: str, new: str, given: str | None = None) -> str:
        """Return what is given, else what was kept before, else the new value; keep it from now on."""
        return self._set_meta(name, given or self._meta(name) or new)

    def _meta(self, name: str) -> str | None:
        with self.database.transaction() as connection:
            row = connection.execute("SELECT value FROM meta WHERE name = ?", (name,)).fetchone()
        return None if row is None else str(row["value"])

    def _set_meta(self, name: str, value: str) -> str:
        with self.database.transaction() as connection:
            connection.execute("INSERT OR REPLACE INTO meta (name, value) VALUES (?, ?)", (name, value))
        return value


def current_store() -> Store:
    """Return the store of the app that answers this request."""
    return cast("Store", current_app.extensions["sandbox_store"])


def publishable_key() -> str:
    """Return the account's `pk_test_…`."""
    return current_store().publishable_key


def find_session(session_id: str) -> Json | None:
    """Return the Checkout Session as the API would show it, without expansions."""
    with current_store().work() as work:
        record = work.records.find("checkout.session", session_id)
        return None if record is None else record.body


def find_session_by_client_secret(secret: str) -> Json | None:
    """Return the session of `cs_…_secret_…`; None when the secret is wrong, even if the id in it is right."""
    session = find_session(secret.partition("_secret_")[0])
    return session if session is not None and session["client_secret"] == secret else None
