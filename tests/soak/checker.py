"""Judges a soak from outside: what Stripe says, against the mailbox and what holders of orders see over HTTP.

It imports nothing of the shop, and knows three answers to each sale: open, closed and not paid.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from tests.soak.letter import Letter

OWNER = "owner@storefront.example"
LAPSE_SECONDS = 15.0  # how long before its worker's lapse an email may have been taken without anybody noting it
DYING_SECONDS = 2.0  # between the moment that is noted and the end: another thread of it may hand one over


class State(StrEnum):
    OPEN = "open"
    CLOSED = "closed"  # refunded, disputed, or the dispute is lost
    UNPAID = "unpaid"  # the bank said no


class Wrong(StrEnum):
    LOST = "lost"
    PAID_TWICE = "paid twice"
    DOUBLED = "doubled grant"
    LET_IN = "let in"
    MAIL_LOST = "email lost"
    MAIL_DOUBLED = "email doubled without a reason"
    MAIL_UNTRUE = "email that is not true"
    STUCK = "buyer gave up"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sale:
    """One complete Session as Stripe has it. `holder` has the keys and files: the buyer, or who got the gift."""

    email: str
    holder: str
    state: State
    keys: int
    files: frozenset[str]
    refunds: int = 0
    disputes: int = 0
    waiting_disputes: int = 0  # that the owner has still to answer
    was_closed: bool = False  # at any time: an email that it stops may never have been true


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What the holder finds now. `working` keys validate, and `opened` are the files that were sent.

    `tried` are all keys that anybody ever saw of this sale. `devices` were activated, `gone` deactivated: whether
    each is valid now.
    """

    pages: frozenset[str]
    shown: tuple[str, ...]
    working: frozenset[str]
    opened: frozenset[str]
    devices: Mapping[str, bool]
    gone: Mapping[str, bool]


NOTHING = Seen(pages=frozenset(), shown=(), working=frozenset(), opened=frozenset(), devices={}, gone={})


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    wrong: Wrong
    who: str
    what: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """`lapses` are the moments when a worker died, could write nothing or had a wrong clock, in Unix seconds."""

    sales: tuple[Sale, ...]
    seen: Mapping[str, Seen]  # by the buyer's address
    buyers: frozenset[str] = frozenset()  # who wanted to buy, and says that it worked
    letters: tuple[Letter, ...]
    lapses: tuple[float, ...] = ()
    gave_up: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """Emails that came twice: `unanswered` when the server's answer was lost, `unnoted` by a worker's lapse."""

    findings: tuple[Finding, ...]
    unanswered: int = 0
    unnoted: int = 0


def judge(evidence: Evidence) -> Verdict:
    letters = _by_reader(evidence.letters)
    findings = list(_judge_payments(evidence))
    for sale in evidence.sales:
        seen = evidence.seen.get(sale.email, NOTHING)
        findings += _judge_access(sale, seen)
        findings += _judge_letters(sale, letters)
    findings += _judge_owner(evidence.sales, letters[OWNER])
    findings += _judge_shared(evidence.seen)
    findings += [Finding(wrong=Wrong.STUCK, who=who, what=why) for who, why in evidence.gave_up.items()]
    doubles = list(_find_doubles(evidence.letters))
    unanswered = [letter for letter in doubles if not letter.is_answered]
    unnoted = [letter for letter in doubles if letter.is_answered and _was_not_noted(letter, evidence.lapses)]
    for letter in doubles:
        if letter not in (*unanswered, *unnoted):
            what = f"{letter.kind}, {_until_lapse(letter, evidence.lapses)}"
            findings.append(Finding(wrong=Wrong.MAIL_DOUBLED, who=letter.to, what=what))
    return Verdict(findings=tuple(findings), unanswered=len(unanswered), unnoted=len(unnoted))


def _judge_payments(evidence: Evidence) -> Iterator[Finding]:
    paid = Counter(sale.email for sale in evidence.sales)
    for who in sorted(evidence.buyers - paid.keys()):
        yield Finding(wrong=Wrong.LOST, who=who, what="no payment")
    for who, count in paid.items():
        if count > 1:
            yield Finding(wrong=Wrong.PAID_TWICE, who=who, what=f"{count} payments")


def _by_reader(letters: Iterable[Letter]) -> defaultdict[str, list[Letter]]:
    found: defaultdict[str, list[Letter]] = defaultdict(list)
    for letter in letters:
        found[letter.to].append(letter)
    return found


def _judge_access(sale: Sale, seen: Seen) -> Iterator[Finding]:
    if len(seen.pages) > 1:
        yield _of(sale, Wrong.DOUBLED, f"{len(seen.pages)} order pages for one payment")
    if sale.state is State.OPEN:
        yield from _judge_open(sale, seen)
    else:
        yield from _judge_closed(sale, seen)
    lively = [device for device, is_valid in seen.gone.items() if is_valid]
    if lively:
        yield _of(sale, Wrong.LET_IN, f"{len(lively)} devices are valid that were deactivated")


def _judge_open(sale: Sale, seen: Seen) -> Iterator[Finding]:
    shown = Counter(seen.shown)
    if len(shown) < sale.keys:
        yield _of(sale, Wrong.LOST, f"{len(shown)} keys of {sale.keys}")
    if len(shown) > sale.keys or any(count > 1 for count in shown.values()):
        yield _of(sale, Wrong.DOUBLED, f"{len(seen.shown)} keys instead of {sale.keys}")
    if not shown.keys() <= seen.working:
        yield _of(sale, Wrong.LOST, f"{len(shown.keys() - seen.working)} keys do not work")
    if seen.working - shown.keys():
        yield _of(sale, Wrong.DOUBLED, f"{len(seen.working - shown.keys())} keys work that its page does not show")
    if sale.files - seen.opened:
        yield _of(sale, Wrong.LOST, f"no download of {', '.join(sorted(sale.files - seen.opened))}")
    if seen.opened - sale.files:
        yield _of(sale, Wrong.LET_IN, f"{', '.join(sorted(seen.opened - sale.files))} was not bought")
    dead = [device for device, is_valid in seen.devices.items() if not is_valid]
    if dead:
        yield _of(sale, Wrong.LOST, f"{len(dead)} devices are not valid that were activated")


def _judge_closed(sale: Sale, seen: Seen) -> Iterator[Finding]:
    if seen.shown:
        yield _of(sale, Wrong.LET_IN, f"{sale.state}: the page shows {len(seen.shown)} keys")
    if seen.working:
        yield _of(sale, Wrong.LET_IN, f"{sale.state}: {len(seen.working)} keys work")
    if seen.opened:
        yield _of(sale, Wrong.LET_IN, f"{sale.state}: {', '.join(sorted(seen.opened))} was sent")
    if any(seen.devices.values()):
        yield _of(sale, Wrong.LET_IN, f"{sale.state}: a device is valid")


def _judge_letters(sale: Sale, letters: Mapping[str, list[Letter]]) -> Iterator[Finding]:
    wanted = wanted_letters(sale)
    for reader in {sale.email, sale.holder}:
        came = Counter(dict(_kinds_with_ids(letters[reader])).values())
        for kind, (fewest, most) in wanted[reader].items():
            if came[kind] < fewest:
                yield _of(sale, Wrong.MAIL_LOST, f"{came[kind]} of {fewest}: {kind}, to {reader}")
            if came[kind] > most:
                yield _of(sale, Wrong.MAIL_UNTRUE, f"{came[kind]} and at most {most}: {kind}, to {reader}")
        for kind in came.keys() - wanted[reader].keys():
            yield _of(sale, Wrong.MAIL_UNTRUE, f"{kind}, to {reader}")


def _kinds_with_ids(letters: Iterable[Letter]) -> Iterator[tuple[str, str]]:
    return ((letter.message_id, letter.kind) for letter in letters)


def wanted_letters(sale: Sale) -> dict[str, dict[str, tuple[int, int]]]:
    """Reader -> kind -> how many emails there are at least and at most, each counted once.

    What was closed at any time may have stopped its receipt before it left. That a bank takes days is told only
    when the shop looks while it does.
    """
    is_certain = int(sale.state is State.OPEN and not sale.was_closed)
    own = {"waiting": (0, 1)}
    if sale.state is State.UNPAID:
        own["failed"] = (1, 1)
    else:
        own |= {"receipt": (is_certain, 1), "refunded": (sale.refunds, sale.refunds)}
    if sale.holder == sale.email:
        return {sale.email: own}
    may_have = int(sale.state is not State.UNPAID)
    return {sale.email: own, sale.holder: {"gift": (is_certain, may_have)}}


def _judge_owner(sales: tuple[Sale, ...], letters: list[Letter]) -> Iterator[Finding]:
    """What is settled by now may have been so before the shop first looked."""
    fewest, most = sum(sale.waiting_disputes for sale in sales), sum(sale.disputes for sale in sales)
    told = len({letter.message_id for letter in letters if letter.kind == "dispute"})
    if told < fewest:
        yield Finding(wrong=Wrong.MAIL_LOST, who=OWNER, what=f"{told} emails about {fewest} disputes that wait")
    if told > most:
        yield Finding(wrong=Wrong.MAIL_UNTRUE, who=OWNER, what=f"{told} emails about {most} disputes")


def _judge_shared(seen: Mapping[str, Seen]) -> Iterator[Finding]:
    owners: defaultdict[str, list[str]] = defaultdict(list)
    for who, each in seen.items():
        for key in set(each.shown):
            owners[key].append(who)
    for several in owners.values():
        if len(several) > 1:
            yield Finding(wrong=Wrong.DOUBLED, who=several[0], what=f"{several[1]} has the same key")


def _find_doubles(letters: Iterable[Letter]) -> Iterator[Letter]:
    """Of each email that came several times, all but the last."""
    copies: defaultdict[str, list[Letter]] = defaultdict(list)
    for letter in letters:
        copies[letter.message_id].append(letter)
    for same in copies.values():
        yield from sorted(same, key=lambda letter: letter.at)[:-1]


def _was_not_noted(letter: Letter, lapses: tuple[float, ...]) -> bool:
    return any(-DYING_SECONDS < lapse - letter.at < LAPSE_SECONDS for lapse in lapses)


def _until_lapse(letter: Letter, lapses: tuple[float, ...]) -> str:
    """Say how far the reason is that would do, for who looks for another one."""
    later = [lapse - letter.at for lapse in lapses if lapse >= letter.at]
    return f"{min(later):.0f} s before a worker's lapse" if later else "after the last of a worker's lapses"


def _of(sale: Sale, wrong: Wrong, what: str) -> Finding:
    return Finding(wrong=wrong, who=sale.email, what=what)
