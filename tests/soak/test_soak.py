"""A short soak: real programs that are killed while thirty people buy. `make soak` is the long one."""

import importlib
from pathlib import Path

import pytest

from tests.soak.faults import KILLS
from tests.soak.named_points import DEATHS, POINTS, Fate, Point
from tests.soak.run import Plan, Watcher, soak
from tests.soak.stories import tell
from tests.soak.table import lines
from tests.support.databases import Databases


@pytest.mark.parametrize("point", POINTS, ids=lambda point: str(point.name))
def test_names_points_that_the_shop_has(point: Point) -> None:
    assert callable(getattr(importlib.import_module(point.module), point.function))


def test_tells_one_program_of_a_death(tmp_path: Path) -> None:
    (tmp_path / "web.sale-written").write_text("7")
    worker, one, other = (Fate(tmp_path, part) for part in ("worker", "web", "web"))
    assert [fate.takes("sale-written") for fate in (worker, one, other)] == [None, "7", None]
    assert not (tmp_path / DEATHS).exists()


def test_tells_the_same_stories_for_a_seed() -> None:
    assert [tell(7, number) for number in range(50)] == [tell(7, number) for number in range(50)]
    assert tell(7, 1) != tell(8, 1)


@pytest.mark.slow
def test_loses_nothing_while_its_programs_are_killed(all_databases: Databases) -> None:
    """Somebody ends it once two faults were made: whoever has bought until then is compared."""
    watcher = Watcher()

    def end_after_two_faults(line: str) -> None:
        if line.endswith("faults 2"):
            watcher.is_over.set()

    watcher.say = end_after_two_faults
    soaked = soak(Plan(orders=34, seed=1, engine="sqlite", faults=4, kinds=KILLS[:2]), all_databases, watcher)
    assert soaked.verdict.findings == (), "\n".join(lines(soaked))
    sold = len(soaked.bought)
    assert 12 < sold <= 34
    assert len(soaked.evidence.sales) == sold
    assert "| **lost** | **0** |" in lines(soaked)
    assert set(soaked.faults) == {fault.name for fault in KILLS[:2]}
