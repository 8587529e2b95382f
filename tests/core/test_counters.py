"""Limits in memory: exact under threads, ended after their window, and no larger than the clients of a window."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import time_machine
from limits import parse
from limits.strategies import FixedWindowRateLimiter

from storefront.core import clock
from storefront.core.counters import SWEEP_AT_LEAST, Counters

LIMIT = parse("100/minute")


def test_is_exact_however_many_threads_count() -> None:
    limiter = FixedWindowRateLimiter(Counters())
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: limiter.hit(LIMIT, "ada"), range(300)))
    assert answers.count(True) == 100
    assert limiter.hit(LIMIT, "eve")


def test_says_when_its_window_ends() -> None:
    counters = Counters()
    limiter = FixedWindowRateLimiter(counters)
    while limiter.hit(LIMIT, "ada"):
        pass
    now = clock.now()
    assert 0 < limiter.get_window_stats(LIMIT, "ada").reset_time - now.timestamp() <= 60
    assert limiter.get_window_stats(LIMIT, "ada").remaining == 0
    with time_machine.travel(now + timedelta(seconds=61), tick=False):
        assert limiter.get_window_stats(LIMIT, "ada").remaining == 100
        assert limiter.hit(LIMIT, "ada")


def test_keeps_no_trace_of_clients_of_ended_windows() -> None:
    counters = Counters()
    with time_machine.travel(clock.now(), tick=False) as traveler:
        for minute in range(4):
            for number in range(2 * SWEEP_AT_LEAST):
                counters.incr(f"{minute}:{number}", 60)
            traveler.shift(61)
        for _again in range(4 * SWEEP_AT_LEAST):
            counters.incr("one", 60)
        assert counters.reset() == 1


def test_forgets_a_counter_when_told() -> None:
    counters = Counters()
    counters.incr("ada", 60)
    assert (counters.get("ada"), counters.check()) == (1, True)
    counters.clear("ada")
    assert counters.get("ada") == 0
    assert counters.get_expiry("ada") <= clock.now().timestamp()
