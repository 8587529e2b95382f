"""What a soak prints."""

from collections import Counter
from collections.abc import Iterator

from tests.soak.checker import State, Wrong
from tests.soak.faults import TOLD_TO_DIE
from tests.soak.run import DIED, Soaked

MOST_FINDINGS = 40


def lines(soaked: Soaked) -> Iterator[str]:
    plan, evidence, verdict = soaked.plan, soaked.evidence, soaked.verdict
    yield f"Soak: {len(soaked.bought)} of {plan.orders} purchases, {plan.engine}, seed {plan.seed}"
    yield "| what | count |"
    yield "|---|---|"
    for way, number in sorted(Counter(each.story.way for each in soaked.bought).items()):
        yield f"| buyers: {way} | {number} |"
    states = Counter(sale.state for sale in evidence.sales)
    for state in State:
        yield f"| sales that are {state} now | {states[state]} |"
    yield f"| refunds | {_sum(soaked, 'refunds')} |"
    yield f"| disputes, of which wait | {_sum(soaked, 'disputes')}, {_sum(soaked, 'waiting_disputes')} |"
    yield f"| emails | {len(evidence.letters)} |"
    yield f"| emails that came twice, the server's answer was lost | {verdict.unanswered} |"
    yield f"| emails that came twice, the worker died, or had no disk or a wrong clock | {verdict.unnoted} |"
    wrong = Counter(finding.wrong for finding in verdict.findings)
    for kind in Wrong:
        yield f"| **{kind}** | **{wrong[kind]}** |"
    made = sum(count for name, count in soaked.faults.items() if not name.startswith(DIED))
    yield f"| faults, of {plan.faults} at most | {made} |"
    for name, count in sorted(_happened(soaked.faults).items()):
        yield f"| fault: {name} | {count} |"
    for name, seconds in soaked.seconds.items():
        yield f"| seconds: {name} | {seconds:.0f} |"
    for finding in verdict.findings[:MOST_FINDINGS]:
        yield f"{finding.wrong}: {finding.who}: {finding.what}"
    if verdict.findings:
        yield "What the programs said: var/soak/"
        yield f"Again: make soak ORDERS={plan.orders} SEED={plan.seed} ENGINE={plan.engine} FAULTS={plan.faults}"


def _happened(faults: Counter[str]) -> dict[str, int]:
    """Who was told to die and never came to that place is one row."""
    happened = {name: count for name, count in faults.items() if not name.startswith(TOLD_TO_DIE)}
    told = faults.total() - sum(happened.values())
    died = sum(count for name, count in faults.items() if name.startswith(DIED))
    return happened | {"told to die at a place where nobody came": told - died}


def _sum(soaked: Soaked, name: str) -> int:
    return sum(getattr(sale, name) for sale in soaked.evidence.sales)
