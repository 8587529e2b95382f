"""Many jobs at the same moment: each several times, in an order that a seed decides."""

import random
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

THREADS = 8
EACH = 3
Job = Callable[[], int]


def run_at_once(jobs: list[Job], *, seed: int) -> Counter[int]:
    """Each job several times in a random order; returns how often each HTTP status came."""
    queue = jobs * EACH
    random.Random(seed).shuffle(queue)
    with ThreadPoolExecutor(THREADS) as pool:
        return Counter(pool.map(lambda job: job(), queue))
