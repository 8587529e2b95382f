"""The threads that send webhooks: one that looks what is due, and a fixed number that wait for answers."""

import queue
import random
import threading
import time

import requests

from storefront.devtools.sandbox.storage.database import DatabaseClosedError
from storefront.devtools.sandbox.storage.store import Store
from storefront.devtools.sandbox.webhooks import deliveries
from storefront.devtools.sandbox.webhooks.deliveries import Delivery, Result
from storefront.devtools.sandbox.webhooks.signature import signature_header

_LONGEST_SLEEP_SECONDS = 30.0


class Sender:
    def __init__(self, store: Store, threads: int) -> None:
        self._store = store
        self._wake = threading.Event()
        self._stopping = False
        self._free = threads
        self._free_lock = threading.Lock()
        self._jobs: queue.SimpleQueue[Delivery | None] = queue.SimpleQueue()
        self._threads = [
            threading.Thread(target=self._work, name=f"webhook-{number}", daemon=True) for number in range(threads)
        ]
        self._threads.append(threading.Thread(target=self._look, name="webhook-queue", daemon=True))

    def start(self) -> None:
        deliveries.recover(self._store)
        self._store.on_deliveries = self._wake.set
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Give what is on its way a moment; the rest is sent after the next start."""
        self._stopping = True
        self._wake.set()
        for _ in self._threads[:-1]:
            self._jobs.put(None)
        deadline = time.monotonic() + 2
        for thread in self._threads:
            thread.join(max(0.0, deadline - time.monotonic()))

    def wait_until_quiet(self, seconds: float) -> bool:
        """Wait until no delivery is on its way: after a reset, before the next test begins."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if self._count_free() == len(self._threads) - 1:
                return True
            time.sleep(0.005)
        return False

    def _look(self) -> None:
        while not self._stopping:
            self._wake.clear()
            try:
                timeout = self._hand_out()
            except DatabaseClosedError:
                return
            self._wake.wait(timeout)

    def _hand_out(self) -> float:
        """Give due deliveries to free threads; return how many seconds nothing will be due."""
        free = self._count_free()
        if not free:
            return _LONGEST_SLEEP_SECONDS  # a thread that gets free wakes us
        for delivery in deliveries.claim(self._store, free):
            self._change_free(-1)
            self._jobs.put(delivery)
        due = deliveries.next_due(self._store)
        if due is None:
            return _LONGEST_SLEEP_SECONDS
        return min(max(due - time.time(), 0.001), _LONGEST_SLEEP_SECONDS)

    def _count_free(self) -> int:
        with self._free_lock:
            return self._free

    def _change_free(self, by: int) -> None:
        with self._free_lock:
            self._free += by

    def _work(self) -> None:
        with requests.Session() as session:
            session.trust_env = False  # a proxy has no business between sandbox and shop
            while (delivery := self._jobs.get()) is not None:
                try:
                    deliveries.record(self._store, delivery, self._send(session, delivery))
                except DatabaseClosedError:
                    return
                finally:
                    self._change_free(1)
                    self._wake.set()

    def _send(self, session: requests.Session, delivery: Delivery) -> Result:
        jitter = self._store.settings.jitter_seconds
        if jitter:
            time.sleep(random.uniform(0, jitter))  # noqa: S311 - disorder, not secrecy
        started = time.perf_counter()
        try:
            response = session.post(
                delivery.url,
                data=delivery.payload.encode(),
                headers={
                    "Content-Type": "application/json; charset=utf-8",
                    "User-Agent": "Stripe/1.0 (+https://stripe.com/docs/webhooks)",
                    "Accept": "*/*; q=0.5, application/xml",
                    "Cache-Control": "no-cache",
                    # A kept connection that the shop closes would look like a failure of the shop.
                    "Connection": "close",
                    "Stripe-Signature": signature_header(delivery.payload, delivery.secret, int(time.time())),
                },
                timeout=delivery.timeout_seconds or None,
                allow_redirects=False,
            )
        except requests.RequestException as error:
            return Result(status=None, latency_ms=_elapsed_ms(started), error=type(error).__name__)
        return Result(status=response.status_code, latency_ms=_elapsed_ms(started), response=response.text)


def _elapsed_ms(started: float) -> int:
    return round((time.perf_counter() - started) * 1000)
