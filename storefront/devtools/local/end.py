"""The ways to end `make run`: Ctrl-C, SIGTERM or a closed terminal."""

import signal

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class End:
    """Knows whether somebody asked for the end.

    Nothing is raised once programs start: the one that is just being started would be left behind.
    """

    def __init__(self) -> None:
        self.has_programs = False
        self.is_requested = False
        # Set by hand: in the background of a script SIGINT is ignored, and that is inherited.
        signal.signal(signal.SIGINT, self._request)
        signal.signal(signal.SIGTERM, self._request)
        if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:  # `nohup make run` is meant to stay
            signal.signal(signal.SIGHUP, self._request)

    def _request(self, _number: int, _frame: object) -> None:
        if not self.has_programs:
            raise KeyboardInterrupt
        self.is_requested = True


def ignore_signals() -> None:
    """Ignore another Ctrl-C while the programs are stopped."""
    for number in SIGNALS:
        signal.signal(number, signal.SIG_IGN)
