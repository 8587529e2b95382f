"""The queue is only the engine: `nudge(name)` says "look again", carries no data, and may fail.

Huey is loaded when it is first used: most commands nudge nobody. Servers load it at their start.
"""

import logging
import math
import time
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from flask import Flask

from storefront.core.absence import Absence
from storefront.core.config.settings import Settings
from storefront.core.measurements import FAILED_NUDGES, measurements
from storefront.core.runtime import Part

if TYPE_CHECKING:
    from storefront.core.queue_engine import Consumer, Huey, TaskWrapper

log = logging.getLogger(__name__)

RETRY_SECONDS = 1
CROWD_SECONDS = 1


@dataclass(slots=True)
class _Crowd:
    """When this process nudged at once, and until when a nudge that is to come does for all."""

    began_at: float = -math.inf
    covered_until: float = -math.inf


class Queue:
    """The Huey object with our jobs. A job is a function without arguments, known by its name."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.jobs: dict[str, Callable[[], None]] = {}
        self.failed_nudges = 0
        self.absence = Absence("queue")
        self._consumer: Consumer | None = None
        self._crowds: dict[str, _Crowd] = defaultdict(_Crowd)

    @cached_property
    def huey(self) -> "Huey":
        """Make it when first needed: a shop whose queue is down still starts and sells."""
        from storefront.core.queue_engine import make_huey

        return make_huey(self.url)

    @cached_property
    def _run(self) -> "TaskWrapper":
        return self.huey.task(name="run_job")(self._run_job)

    def _run_job(self, name: str) -> None:
        self.jobs[name]()

    def add_job(self, name: str, job: Callable[[], None], *, every_minute: bool = False) -> None:
        """Tell a worker what `nudge(name)` runs. With `every_minute` the clock runs it too, without a nudge."""
        from storefront.core.queue_engine import crontab

        self.jobs[name] = job
        if every_minute:
            self.huey.periodic_task(crontab(), name=f"every_minute_{name}")(job)

    def nudge(self, name: str, *, delay_seconds: int = 0) -> bool:
        """Ask a worker to run the job. False when the queue is down: the periodic run will do it later."""
        from storefront.core.queue_engine import HueyException, engine_errors

        try:
            if delay_seconds:
                self._run.schedule((name,), delay=delay_seconds)
            else:
                self._run(name)
        except (HueyException, *engine_errors()):
            self.failed_nudges += 1
            log.warning("queue did not take the nudge", extra={"job": name})
            return False
        return True

    def nudge_in_crowd(self, name: str) -> bool:
        """Do so for what may come by the hundred a second: one at once, and one a second later for the rest."""
        crowd = self._crowds[name]
        now = time.monotonic()
        if now < crowd.covered_until:
            return True
        if now >= crowd.began_at + CROWD_SECONDS:
            crowd.began_at = now
            delay_seconds = 0
        else:
            crowd.covered_until = now + CROWD_SECONDS * 0.9
            delay_seconds = CROWD_SECONDS
        was_taken = self.nudge(name, delay_seconds=delay_seconds)
        if not was_taken:
            crowd.began_at = crowd.covered_until = -math.inf
        return was_taken

    def wait(self) -> None:
        """Wait until the queue answers: a worker may be started before the database its queue is in."""
        from storefront.core.queue_engine import engine_errors

        while True:
            try:
                self.huey.storage.queue_size()
            except engine_errors() as error:
                self.absence.note(error)
                time.sleep(RETRY_SECONDS)
            else:
                self.absence.end()
                return

    def consumer(self, *, workers: int) -> "Consumer":
        from storefront.core.queue_engine import make_consumer

        self._run  # noqa: B018 - registers the task with Huey, so that the consumer knows it
        self._consumer = make_consumer(self.huey, self.absence, workers=workers)
        return self._consumer

    @property
    def is_stopping(self) -> bool:
        """Tell whether this worker was asked to stop: a long job ends with what it has in hand."""
        return self._consumer is not None and self._consumer.stop_flag.is_set()


QUEUE = Part[Queue]("queue")


def set_up_queue(app: Flask, settings: Settings) -> None:
    QUEUE.set(Queue(settings.queue_url), app)


def queue() -> Queue:
    return QUEUE.get()


def nudge(name: str, *, delay_seconds: int = 0) -> bool:
    """Ask a worker to run the job. When the queue did not take it: False, and counted."""
    return _counted(name, queue().nudge(name, delay_seconds=delay_seconds))


def nudge_in_crowd(name: str) -> bool:
    """As `nudge`, see `Queue.nudge_in_crowd`."""
    return _counted(name, queue().nudge_in_crowd(name))


def _counted(name: str, was_taken: bool) -> bool:
    if not was_taken:
        measurements().add(FAILED_NUDGES, name)
    return was_taken
