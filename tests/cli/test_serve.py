"""`storefront serve`: a process that dies takes no other along."""

import os
import signal

import pytest

from tests.races.served import answers, served
from tests.support.processes import children_of, processes_of
from tests.support.shop import START_SECONDS, wait_for

pytestmark = pytest.mark.slow


@pytest.mark.usefixtures("free_port", "app")
def test_starts_a_process_again_that_the_kernel_ended(environment: dict[str, str]) -> None:
    """As for memory. Both at once: whoever asks in between waits for a new one."""
    with served(environment, workers=2) as url:
        known = processes_of(f"BASE_URL={url}")
        (server,) = [number for number in known if children_of(number)]
        first = children_of(server)
        for child in first:
            os.kill(child, signal.SIGKILL)
        wait_for(lambda: len(children_of(server) - first) == 2, seconds=START_SECONDS)
        wait_for(lambda: answers(url), seconds=START_SECONDS)
        assert not children_of(server) & first
