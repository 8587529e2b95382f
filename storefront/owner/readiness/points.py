"""The list: a pure function from facts to points. Who asks for the facts is `read_facts.py`."""

import shlex
from collections.abc import Iterator, Sequence

from storefront.core.config.settings import Mode
from storefront.owner.health.room import Place
from storefront.owner.readiness.bundles_point import bundles_point
from storefront.owner.readiness.currency_point import currency_point
from storefront.owner.readiness.facts import Facts
from storefront.owner.readiness.point import Action, Point, State
from storefront.owner.readiness.reminders_point import reminders_point
from storefront.owner.readiness.stripe_points import key_point, mode_point, prices_point, webhook_point
from storefront.owner.readiness.tax_point import tax_point


def find_points(facts: Facts) -> list[Point]:
    """Return every point, in the order in which an owner opens a shop."""
    used = (currency_point(facts), bundles_point(facts), tax_point(facts), reminders_point(facts))
    where_used = [point for point in used if point is not None]
    return [
        _catalog(facts),
        _legal_pages(facts),
        key_point(facts),
        webhook_point(facts),
        prices_point(facts),
        *where_used,
        _mail(facts),
        _owner_email(facts),
        _storage(facts),
        _disk(facts),
        _open_files(facts),
        _proxy(facts),
        _placeholders(facts),
        _passkey(facts),
        _second_owner(facts),
        _backup(facts),
        mode_point(facts),
    ]


def _catalog(facts: Facts) -> Point:
    catalog = facts.catalog
    drafts = f" {_some(catalog.drafts, 'draft waits', 'drafts wait')} to be published." if catalog.drafts else ""
    if catalog.for_sale:
        state, sentence = State.DONE, f"{_some(catalog.for_sale, 'product is', 'products are')} for sale."
    else:
        state, sentence = State.TO_DO, "Nothing is for sale yet. Make a product and publish it."
    return Point(
        code="catalog", title="Products", state=state, sentence=sentence + drafts, where="/admin/products"
    )


def _legal_pages(facts: Facts) -> Point:
    if facts.unpublished:
        state, names = State.TO_DO, ", ".join(facts.unpublished)
        sentence = f"Not published yet: {names}. Start from the shop's text, and fill in what only you know."
    elif facts.samples:
        state, names = State.WRONG, ", ".join(facts.samples)
        sentence = f"Still the words of the sample shop: {names}. Write your own."
    else:
        state, sentence = State.DONE, "Imprint, terms, privacy and refunds can be read."
    return Point(code="legal_pages", title="Legal pages", state=state, sentence=sentence, where="/admin/pages")


def _some(count: int, one: str, many: str) -> str:
    return f"{count} {one if count == 1 else many}"


def _mail(facts: Facts) -> Point:
    state, sentence = _of_mail(facts)
    return Point(
        code="mail",
        title="Email",
        state=state,
        sentence=sentence,
        line="MAIL_SERVER=" if state is State.WRONG else "",
        actions=(Action.TEST_MAIL,),
        more=tuple(_explain_mail(facts.mail_from.partition("@")[2])),
    )


def _explain_mail(domain: str) -> Iterator[str]:
    yield (
        f"SPF: a TXT record at {domain} that names the servers which may send for it. Your email provider "
        "tells you the line. Without it many mailboxes take your emails for spam."
    )
    yield (
        f"DKIM: your provider signs each email, and a record below {domain} lets receivers check that. "
        "Switch it on there and copy its record into your DNS."
    )
    yield (
        f"DMARC: a TXT record at _dmarc.{domain} that says what becomes of emails that fail both. Begin with "
        "v=DMARC1; p=none and make it stricter later."
    )


def _of_mail(facts: Facts) -> tuple[State, str]:
    mail, trouble = facts.test_mail, facts.trouble
    if trouble.mail_server_down_since is not None:
        return State.WRONG, f"The mail server takes no email ({trouble.mail_server_down_why})."
    if mail is None:
        return State.TO_DO, "Send yourself a test email, and look whether it arrives outside the spam folder."
    if mail.state == "sent" and mail.sent_at is not None:
        when = f"{mail.sent_at:%Y-%m-%d %H:%M} UTC"
        return State.DONE, f"The test email to {mail.recipient} left {when}. Look whether it is in the inbox."
    if mail.error:
        return State.WRONG, f"The test email to {mail.recipient} was refused: {mail.error}"
    return State.TO_DO, f"The test email to {mail.recipient} waits for the worker. Look again in a minute."


def _owner_email(facts: Facts) -> Point:
    if facts.trouble.has_owner_email:
        return Point(
            code="owner_email", title="Your address", state=State.DONE, sentence="Disputes and reports reach you."
        )
    return Point(
        code="owner_email",
        title="Your address",
        state=State.TO_DO,
        sentence="Disputes and reports are emailed to nobody. Set OWNER_EMAIL to your address.",
        line="OWNER_EMAIL=",
    )


def _storage(facts: Facts) -> Point:
    state, sentence = _of_storage(facts)
    line = "" if state is State.DONE else "FILES_URL="
    return Point(code="storage", title="Files", state=state, sentence=sentence, line=line)


def _of_storage(facts: Facts) -> tuple[State, str]:
    answer = facts.storage
    if answer is None:
        return State.UNKNOWN, f"Nobody has tried the {facts.files} yet."
    if answer.problem is not None:
        return State.WRONG, f"The {facts.files} doesn't take a file: {answer.problem}"
    if not answer.body.get("is_read", True):
        return State.WRONG, f"The {facts.files} takes files and gives none back. Allow reading there."
    if not answer.body["is_same"]:
        return State.WRONG, f"The {facts.files} gave other bytes back than were written. Don't sell from it."
    if not answer.body["is_gone"]:
        return State.WRONG, f"A file in the {facts.files} could not be deleted. Allow deleting there."
    return State.DONE, f"A file was written to the {facts.files}, read back and deleted."


def _disk(facts: Facts) -> Point:
    state, sentence = _of_room(facts.trouble.places)
    return Point(code="disk", title="Room", state=state, sentence=sentence)


def _of_room(places: Sequence[Place]) -> tuple[State, str]:
    closed = [place for place in places if not place.is_writable]
    if closed:
        return State.WRONG, f"The shop may not write where {_and(closed)} should lie{_obstacles(closed)}."
    low = [place for place in places if place.is_low]
    if low:
        return State.WRONG, f"There is little room where {_and(low)} should lie{_obstacles(low) or '. Make room'}."
    return State.DONE, _room_left([place.free_bytes for place in places])


def _room_left(free_bytes: list[int]) -> str:
    if not free_bytes:
        return "Database, queue and files lie on other machines."
    free = min(free_bytes) // (1024 * 1024 * 1024)
    return f"{free} GB are free." if free else "There is enough room."


def _and(places: Sequence[Place]) -> str:
    return " and ".join(place.name for place in places)


def _obstacles(places: Sequence[Place]) -> str:
    found = dict.fromkeys(place.obstacle for place in places if place.obstacle)
    return f": {'; '.join(found)}" if found else ""


def _open_files(facts: Facts) -> Point:
    names = facts.trouble.open_files
    title = "Who may read it"
    if not names:
        sentence = "Other users of this machine can't read what the shop keeps."
        return Point(code="open_files", title=title, state=State.DONE, sentence=sentence)
    return Point(
        code="open_files",
        title=title,
        state=State.WRONG,
        sentence="Every user of this machine may read what the shop keeps. Close it.",
        line=f"chmod go= {shlex.join(names)}",
    )


def _proxy(facts: Facts) -> Point:
    state, sentence = _of_proxy(facts)
    line = "" if state is State.DONE else "TRUSTED_PROXIES=1"
    return Point(code="proxy", title="Proxy", state=state, sentence=sentence, line=line)


def _of_proxy(facts: Facts) -> tuple[State, str]:
    if facts.trusted_proxies:
        return State.DONE, f"{_some(facts.trusted_proxies, 'proxy is', 'proxies are')} trusted to name buyers."
    if facts.saw_proxy:
        return State.WRONG, "Requests come through a proxy that isn't trusted, so all buyers share one limit."
    if facts.mode is Mode.LIVE or (facts.is_reachable and facts.mode is Mode.TEST):
        return State.TO_DO, "Put nginx or Caddy in front for TLS, and say how many proxies there are."
    return State.DONE, "No proxy is needed on this machine. Live needs one in front (docs/nginx.md)."


def _placeholders(facts: Facts) -> Point:
    title = "Placeholders"
    if not facts.placeholders:
        sentence = "No setting still says what an example said."
        return Point(code="placeholders", title=title, state=State.DONE, sentence=sentence)
    names = ", ".join(facts.placeholders)
    return Point(
        code="placeholders",
        title=title,
        state=State.WRONG,
        sentence=f"{names} still {'say' if len(facts.placeholders) > 1 else 'says'} what an example said. Set it.",
        where="/admin/shop" if "SHOP_NAME" in facts.placeholders else "",
        line=f"{facts.placeholders[0]}=",
    )


def _passkey(facts: Facts) -> Point:
    title, where = "Passkey", "/admin/account"
    if facts.people.with_passkey:
        sentence = "An owner signs in with a passkey, so a code by email alone opens nothing of theirs."
        return Point(code="passkey", title=title, state=State.DONE, sentence=sentence, where=where)
    if facts.people.with_old_passkey:
        sentence = (
            "The passkeys of owners are for the address that the shop had before, and work nowhere else. Come in "
            "by the link that the command below prints, and add one to your account."
        )
        line = "storefront owner link"
        return Point(code="passkey", title=title, state=State.TO_DO, sentence=sentence, where=where, line=line)
    sentence = "No owner has a passkey: whoever reads your email can open the shop. Add one to your account."
    return Point(code="passkey", title=title, state=State.TO_DO, sentence=sentence, where=where)


def _second_owner(facts: Facts) -> Point:
    title, where, line = "A way back in", "/admin/people", "storefront owner link"
    if facts.people.owners > 1:
        sentence = f"{facts.people.owners} owners can let each other in."
        return Point(code="way_back", title=title, state=State.DONE, sentence=sentence, where=where)
    sentence = "There is one owner. The command below lets you in when a passkey is lost; a second owner can, too."
    return Point(code="way_back", title=title, state=State.DONE, sentence=sentence, where=where, line=line)


def _last_backup(facts: Facts) -> str:
    last = facts.trouble.backed_up_at
    if last is None:
        return "The shop has seen no backup yet."
    return f"The last backup was made {last:%Y-%m-%d %H:%M} UTC."


def _backup(facts: Facts) -> Point:
    what = "the database" if facts.database == "postgresql" else "the folder of the database"
    files = "the bucket" if facts.files == "bucket" else "the folder of the files"
    more = (
        f"Back up {what}, {files} and SECRET_KEY every day, and try once to bring a shop back from it.",
        "`storefront backup` does all of it, encrypted: docs/backup.md says how.",
    )
    if facts.restored is not None:
        sentence = f"{facts.restored.body['by']} tried a restore on {facts.restored.asked_at:%Y-%m-%d}."
        state = State.DONE
    else:
        state, sentence = State.TO_DO, f"{_last_backup(facts)} Try a restore, and say so here."
    return Point(
        code="backup", title="Backup", state=state, sentence=sentence, more=more, actions=(Action.RESTORED,)
    )
