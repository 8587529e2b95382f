"""Interleaved rounds: A B A B …, so that what else the machine does meets both; the median of each."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import median

import click

from tests.benchmarks.load import Load, Result, run
from tests.benchmarks.servers import Server


@dataclass(frozen=True, slots=True, kw_only=True)
class Contender:
    """`load` is asked anew for each round: signatures are valid for five minutes, a session is new once."""

    server: Server
    load: Callable[[], Load]
    label: str = ""

    @property
    def name(self) -> str:
        return self.label or self.server.name


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """Medians over the rounds; `cpu_ms` is the server's processor time for one answer."""

    name: str
    per_second: float
    p50_ms: float
    p99_ms: float
    cpu_ms: float
    failed: int

    def line(self) -> str:
        text = (
            f"  {self.name:24} {self.per_second:8.0f}/s   p50 {self.p50_ms:7.2f} ms   "
            f"p99 {self.p99_ms:7.2f} ms   cpu {self.cpu_ms:6.2f} ms"
        )
        return text + (f"   FAILED {self.failed}" if self.failed else "")


def measure(contenders: Sequence[Contender], *, rounds: int) -> list[Figures]:
    seen: list[list[tuple[Result, float]]] = [[] for _ in contenders]
    for _ in range(rounds):
        for contender, results in zip(contenders, seen, strict=True):
            asked = contender.load()
            before = contender.server.cpu_seconds()
            result = run(asked)
            used = contender.server.cpu_seconds() - before
            results.append((result, used / max(len(result.latencies), 1) * 1000))
    return [_figures(contender.name, results) for contender, results in zip(contenders, seen, strict=True)]


def _figures(name: str, results: list[tuple[Result, float]]) -> Figures:
    return Figures(
        name=name,
        per_second=median(result.per_second for result, _cpu in results),
        p50_ms=median(result.percentile_ms(50) for result, _cpu in results),
        p99_ms=median(result.percentile_ms(99) for result, _cpu in results),
        cpu_ms=median(cpu for _result, cpu in results),
        failed=sum(result.failed for result, _cpu in results),
    )


def print_comparison(title: str, shop: Figures, bare: Figures, *, aim: float | None) -> None:
    """Requests per second of the first over those of the second; the same of processor time, the steadier one."""
    click.echo(f"\n{title}")
    click.echo(shop.line())
    click.echo(bare.line())
    ratio = shop.per_second / bare.per_second
    by_cpu = bare.cpu_ms / shop.cpu_ms if shop.cpu_ms else float("nan")
    met = "reached" if aim and ratio >= aim else "MISSED"
    verdict = f"aim {aim:.2f} or more: {met}" if aim else "no aim"
    click.echo(f"  ratio {ratio:.2f} ({verdict}); by processor time {by_cpu:.2f}")


def print_also(figures: Figures, label: str, ratio: float) -> None:
    """A figure without an aim of its own, so that nobody takes the easier comparison for the whole truth."""
    click.echo(figures.line())
    click.echo(f"  {label}: ratio {ratio:.2f}")
