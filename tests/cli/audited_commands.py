"""Every command that changes something, with what it needs to do so and the entry that it leaves."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from unittest.mock import ANY

from click.testing import CliRunner
from flask import Flask

from storefront.core.data_keys import make_data_key
from storefront.delivery.licenses.sealed import LICENSE_KEYS
from tests.cli.commands import done, read_json
from tests.delivery.licenses.pools import bring, make_pool, numbered, unseal
from tests.mail.promises import promise
from tests.mail.reports import make_report
from tests.shop.looks.fonts import make_font
from tests.shop.media.drawn import draw, saved
from tests.support.factories import make_order, make_unhandled_event
from tests.support.gifts import give
from tests.support.readers import draft, make_readers
from tests.support.rows import change_rows, read_rows
from tests.support.sale import Sale, number_of, sell
from tests.support.sandbox_client import SandboxClient
from tests.support.shop import ADA

OWNER = "olga@storefront.example"
SECRET = "another-secret-" * 3
SIDES = ("before", "after")


@dataclass(slots=True)
class World:
    app: Flask
    sandbox: SandboxClient
    command: CliRunner
    folder: Path
    sales: list[Sale] = field(default_factory=list)

    def sell(self) -> Sale:
        self.sales.append(sell(self.app, self.sandbox))
        return self.sales[-1]

    def order(self) -> str:
        return number_of(self.sell())

    def sold_key(self) -> str:
        return self.sell().keys[0]

    def file(self, name: str, text: str) -> str:
        path = self.folder / name
        path.write_text(text, encoding="utf-8")
        return str(path)

    def picture(self, name: str) -> str:
        path = self.folder / name
        path.write_bytes(saved(draw(len(name), ord(name[0]))))
        return str(path)

    def do(self, *words: str) -> str:
        return done(self.command, *words)

    def customer(self, email: str = ADA) -> int:
        rows = read_rows(self.app, "SELECT id FROM customers WHERE email = :email", email=email)
        return int(rows[0]["id"])

    def entries(self) -> list[dict[str, Any]]:
        rows = read_rows(self.app, "SELECT * FROM audit_entries ORDER BY id")
        return [
            row | {side: json.loads(row[side]) if isinstance(row[side], str) else row[side] for side in SIDES}
            for row in rows
        ]


@dataclass(frozen=True, slots=True)
class Told:
    """What the new entry says; it is as good as None where a side is empty."""

    verb: str
    subject: Any
    before: dict[str, Any] | None = None
    after: dict[str, Any] | None = None


Prepared = tuple[tuple[str, ...], Told]  # what a command is given, without its own words, and its entry
Case = Callable[[World], Prepared]
CASES: list[tuple[str, Case]] = []


def case(command: str) -> Callable[[Case], Case]:
    """Add a case of this command."""

    def add(prepare: Case) -> Case:
        CASES.append((command, prepare))
        return prepare

    return add


@case("products set")
def _product(world: World) -> Prepared:
    told = Told("product.changed", "twinspot", {"activation_limit": 3}, {"activation_limit": 5})
    return ("twinspot", "--activation-limit", "5", "--license"), told


@case("products set")
def _last_day(world: World) -> Prepared:
    after = {"license_until": "2999-12-31T23:59:59+00:00"}
    return ("twinspot", "--license-until", "2999-12-31"), Told("product.changed", "twinspot", ANY, after)


@case("products set")
def _inside_checkout(world: World) -> Prepared:
    after = {"most_in_form": 5, "offered_beside": ["soft-taps"]}
    words = ("twinspot", "--most-in-form", "5", "--offer-beside", "soft-taps")
    return words, Told("product.changed", "twinspot", ANY, after)


@case("products set")
def _edition(world: World) -> Prepared:
    told = Told("edition.changed", "twinspot/Team", {"seats": 10}, {"seats": 12})
    return ("twinspot", "--edition", "Team", "--seats", "12"), told


@case("products create")
def _create(world: World) -> Prepared:
    told = Told("product.created", "my-tool", None, {"name": "My tool"})
    return ("My tool",), told


@case("discounts create")
def _create_discount(world: World) -> Prepared:
    after = {
        "code": "SPRING",
        "percent_hundredths": 1250,
        "amounts": {},
        "minimums": {"usd": 2000},
        "is_first_purchase": False,
        "is_automatic": False,
        "most_uses": 5,
        "starts_at": ANY,
        "ends_at": None,
        "product_ids": [ANY],
    }
    words = ("spring", "--percent", "12.5", "--minimum", "20.00 USD", "--uses", "5", "--product", "twinspot")
    return words, Told("discount.created", "SPRING", None, after)


@case("discounts stop")
def _stop_discount(world: World) -> Prepared:
    world.do("discounts", "create", "SPRING", "--percent", "20")
    return ("spring",), Told("discount.stopped", "SPRING", None, {"stopped_at": ANY})


@case("shop apply")
def _apply(world: World) -> Prepared:
    folder = world.folder / "shop"
    (folder / "products" / "twinspot").mkdir(parents=True)
    page = folder / "products" / "twinspot" / "product.md"
    page.write_text("---\ntagline: Short.\n---\n", encoding="utf-8")
    return (str(folder),), Told("product.changed", "twinspot", {"summary": ANY}, {"summary": "Short."})


@case("shop edit")
def _edit_shop(world: World) -> Prepared:
    before = {"name": "", "about": "", "mail_greeting": ""}
    after = {"name": "Ada's Fonts", "about": "**We**", "mail_greeting": "Hello,"}
    words = (
        "--name",
        "Ada's Fonts",
        "--about-file",
        world.file("about.md", "**We**"),
        "--mail-greeting",
        "Hello,",
    )
    return words, Told("shop.changed", "shop", before, after)


@case("products edit")
def _edit(world: World) -> Prepared:
    described = world.file("about.md", "**New**")
    before = {"summary": ANY, "description_markdown": ANY, "tags": []}
    after = {"summary": "Short.", "description_markdown": "**New**", "tags": ["mac", "cli"]}
    words = ("twinspot", "--tagline", "Short.", "--description-file", described, "--tag", "mac", "--tag", "cli")
    return words, Told("product.changed", "twinspot", before, after)


@case("products publish")
def _publish_product(world: World) -> Prepared:
    told = Told("product.unlisted", "twinspot", {"state": "published"}, {"state": "unlisted"})
    return ("twinspot", "--unlisted"), told


@case("products announce")
def _announce(world: World) -> Prepared:
    return ("twinspot",), Told("product.announced", "twinspot", {"state": "published"}, {"state": "announced"})


@case("products retire")
def _retire(world: World) -> Prepared:
    return ("twinspot",), Told("product.retired", "twinspot", {"state": "published"}, {"state": "retired"})


@case("products unpublish")
def _unpublish(world: World) -> Prepared:
    return ("twinspot",), Told("product.draft", "twinspot", {"state": "published"}, {"state": "draft"})


@case("products rename")
def _rename(world: World) -> Prepared:
    told = Told("product.renamed", "doublespot", {"slug": "twinspot"}, {"slug": "doublespot"})
    return ("twinspot", "doublespot"), told


@case("products move")
def _move_product(world: World) -> Prepared:
    return ("gridling", "--first"), Told("product.moved", "gridling", {"position": 4}, {"position": 1})


@case("shop looks")
def _change_looks(world: World) -> Prepared:
    told = Told("shop.looks_changed", "shop", {"accent": ""}, {"accent": "#00008b"})
    return ("--accent", "#00008B"), told


@case("shop logo")
def _set_logo(world: World) -> Prepared:
    return (world.picture("logo.png"),), Told(
        "shop.logo_set", "shop", None, {"filename": "logo.png", "sha256": ANY}
    )


@case("shop logo")
def _remove_logo(world: World) -> Prepared:
    world.do("shop", "logo", world.picture("logo.png"))
    return ("--remove",), Told("shop.logo_removed", "shop", {"filename": "logo.png", "sha256": ANY})


@case("shop icon")
def _set_icon(world: World) -> Prepared:
    path = world.folder / "icon.png"
    path.write_bytes(saved(draw(200, 200)))
    return (str(path),), Told("shop.icon_set", "shop", None, {"filename": "icon.png", "sha256": ANY})


@case("shop font")
def _set_font(world: World) -> Prepared:
    path = world.folder / "triangles.woff2"
    path.write_bytes(make_font())
    after = {"filename": "triangles.woff2", "sha256": ANY}
    return (str(path),), Told("shop.font_set", "shop", None, after)


@case("editions add")
def _add_edition(world: World) -> Prepared:
    after = {"name": "Studio", "line": "Two to five", "upgrades_from": "", "activation_limit": None, "seats": None}
    after |= {"update_days": None}
    told = Told("edition.created", "twinspot/studio", None, after)
    return ("twinspot", "Studio", "--line", "Two to five"), told


@case("editions edit")
def _edit_edition(world: World) -> Prepared:
    return ("twinspot", "team", "--name", "Crew"), Told(
        "edition.changed", "twinspot/team", {"name": "Team"}, {"name": "Crew"}
    )


@case("editions include")
def _include(world: World) -> Prepared:
    world.do("editions", "add", "soft-taps", "Bundle")
    told = Told("edition.changed", "soft-taps/bundle", {"includes": []}, {"includes": ["twinspot/team"]})
    return ("soft-taps", "bundle", "twinspot/team"), told


@case("editions switch-off")
def _switch_off(world: World) -> Prepared:
    return ("twinspot", "team"), Told("edition.switched_off", "twinspot/team")


@case("editions switch-on")
def _switch_on(world: World) -> Prepared:
    world.do("editions", "switch-off", "twinspot", "team")
    return ("twinspot", "team"), Told("edition.switched_on", "twinspot/team")


@case("editions delete")
def _delete_edition(world: World) -> Prepared:
    return ("twinspot", "team"), Told("edition.deleted", "twinspot/team", ANY)


@case("prices set")
def _set_price(world: World) -> Prepared:
    return ("twinspot", "team", "usd", "80"), Told("price.changed", "twinspot/team", {"usd": 7900}, {"usd": 8000})


@case("prices set")
def _let_choose(world: World) -> Prepared:
    asked = "from 5.00, suggested 10.00"
    return ("twinspot", "team", "usd", asked), Told(
        "price.changed", "twinspot/team", {"usd": 7900}, {"usd": asked}
    )


@case("prices remove")
def _remove_price(world: World) -> Prepared:
    return ("twinspot", "team", "usd"), Told("price.changed", "twinspot/team", {"usd": 7900}, {"usd": None})


@case("media add")
def _add_picture(world: World) -> Prepared:
    after = {"picture": 1, "filename": "a.png", "alt": "A desk", "position": 1}
    words = ("twinspot", world.picture("a.png"), "--alt", "A desk")
    return words, Told("product.picture_added", "twinspot", None, after)


@case("media describe")
def _describe_picture(world: World) -> Prepared:
    world.do("media", "add", "twinspot", world.picture("a.png"), "--alt", "A desk")
    told = Told("product.picture_described", "twinspot", {"alt": "A desk"}, {"picture": 1, "alt": "A lamp"})
    return ("twinspot", "1", "A lamp"), told


@case("media move")
def _move_picture(world: World) -> Prepared:
    for name in ("a.png", "b.png"):
        world.do("media", "add", "twinspot", world.picture(name))
    after = {"picture": 2, "position": 1}
    return ("twinspot", "2", "1"), Told("product.picture_moved", "twinspot", {"position": 2}, after)


@case("media remove")
def _remove_picture(world: World) -> Prepared:
    world.do("media", "add", "twinspot", world.picture("a.png"))
    before = {"picture": 1, "alt": "", "position": 1}
    return ("twinspot", "1"), Told("product.picture_removed", "twinspot", before)


@case("releases upload")
def _upload(world: World) -> Prepared:
    after = {"files": ["twinspot-3.zip"], "state": "draft", "notes": ""}
    words = ("twinspot", "3.0", world.file("twinspot-3.zip", "three"), "--draft")
    return words, Told("release.uploaded", "twinspot 3.0", None, after)


@case("releases publish")
def _publish(world: World) -> Prepared:
    world.do("releases", "upload", "twinspot", "3.0", world.file("twinspot-3.zip", "three"), "--draft")
    told = Told("release.published", "twinspot 3.0", {"state": "draft"}, {"state": "published"})
    return ("twinspot", "3.0"), told


@case("releases publish")
def _notes(world: World) -> Prepared:
    told = Told("release.notes_changed", "twinspot 2.1", {"notes": ANY}, {"notes": "Calmer."})
    return ("twinspot", "2.1", "--notes-file", world.file("notes.md", "Calmer.")), told


@case("releases withdraw")
def _withdraw_release(world: World) -> Prepared:
    told = Told("release.withdrawn", "twinspot 2.1", {"state": "published"}, {"state": "withdrawn"})
    return ("twinspot", "2.1"), told


@case("releases tell-buyers")
def _tell(world: World) -> Prepared:
    world.sell()
    return ("twinspot", "2.1"), Told("release.told", "twinspot 2.1", None, {"emails": 1})


@case("backup make")
def _back_up(world: World) -> Prepared:
    environment: Any = world.command.env
    environment["BACKUP_RECIPIENT"] = "age17w7urz43tdxpl28u877elpmzuhnn6rekevq7z78ygre9u56ttclshzezwz"
    return (str(world.folder / "backups"),), Told("backup.made", ANY, None, {"size_bytes": ANY, "files": ANY})


@case("webhook create")
def _make_endpoint(world: World) -> Prepared:
    return (), Told("webhook.made", ANY, None, {"address": "http://localhost/webhook"})


@case("webhook rotate")
def _replace_endpoint(world: World) -> Prepared:
    world.do("webhook", "create")
    return (), Told("webhook.made", ANY, None, {"address": "http://localhost/webhook"})


@case("payment-link create")
def _make_link(world: World) -> Prepared:
    after = {"url": ANY, "prices": ["twinspot/Team"], "quantity": 2, "adjustable": False}
    return ("twinspot/team", "--quantity", "2"), Told("payment_link.created", ANY, None, after)


@case("payment-link close")
def _close_link(world: World) -> Prepared:
    link = read_json(world.command, "payment-link", "create", "twinspot/Team")
    return (link["url"],), Told("payment_link.closed", link["id"], None, {"url": link["url"]})


@case("orders decide")
def _decide(world: World) -> Prepared:
    number = world.order()
    after = {"decision": "withdraw", "because": "asked by phone"}
    told = Told("order.decided", number, {"decision": "follow_payment"}, after)
    return (number, "withdraw", "--because", "asked by phone"), told


@case("orders refund")
def _refund(world: World) -> Prepared:
    number = world.order()
    after = {"amount_minor": 500, "currency": "usd", "items": [], "refund": ANY}
    return (number, "--amount", "5.00"), Told("order.refunded", number, None, after)


@case("orders resend")
def _resend(world: World) -> Prepared:
    number = world.order()
    after = {"receipt": True, "new_link": False, "new_address": False}
    return (number,), Told("order.resent", number, None, after)


@case("orders resend")
def _resend_elsewhere(world: World) -> Prepared:
    number = world.order()
    customer = world.customer()
    after = {"receipt": True, "new_link": True, "new_address": True, "customer": customer + 1}
    told = Told("order.resent", number, {"customer": customer}, after)
    return (number, "--new-link", "--to", "adas-new@example.com"), told


@case("orders gift")
def _correct_gift(world: World) -> Prepared:
    world.sales.append(give(world.app, world.sandbox))
    number = number_of(world.sales[-1])
    return (number, "--to", "rose@example.org"), Told("gift.corrected", number)


@case("orders raise-limit")
def _raise_limit(world: World) -> Prepared:
    number = world.order()
    after = {"downloads": 2, "days": 7, "grants": 1}
    return (number.lower(), "--downloads", "2", "--days", "7"), Told("order.limit_raised", number, None, after)


@case("accounting export")
def _export_accounting(world: World) -> Prepared:
    world.sell()
    told = Told("accounting.exported", "2026-11-01 to 2026-11-30", None, {"format": "csv"})
    return ("--from", "2026-11-01", "--to", "2026-11-30"), told


@case("orders csv")
def _export_orders(world: World) -> Prepared:
    world.sell()
    return (), Told("orders.exported", "all")


@case("customers export")
def _export(world: World) -> Prepared:
    world.sell()
    return (ADA,), Told("customer.exported", f"customer {world.customer()}")


@case("broadcasts create")
def _create_broadcast(world: World) -> Prepared:
    words = ("Twinspot 3", "--text-file", world.file("news.md", "It has **more**."), "--to", "twinspot")
    return words, Told("broadcast.created", "1", None, {"subject": "Twinspot 3", "languages": ["en"]})


@case("broadcasts send")
def _send_broadcast(world: World) -> Prepared:
    make_readers(world.app, "eve")
    told = Told("broadcast.started", "1", None, {"buyers": 1, "agreed": 1})
    return (str(draft(world.app, "twinspot")), "--yes"), told


@case("broadcasts cancel")
def _cancel_broadcast(world: World) -> Prepared:
    return (str(draft(world.app)),), Told("broadcast.canceled", "1", None, {"taken_back": 0})


@case("customers stop-offers")
def _stop_offers(world: World) -> Prepared:
    sale = world.sell()
    sale.buyer.post(f"{sale.link}/offers", agrees="1")
    return (ADA,), Told("customer.offers_stopped", f"customer {world.customer()}")


@case("customers erase")
def _erase(world: World) -> Prepared:
    world.sell()
    after = {"orders": 1, "devices": 0, "mails": ANY, "checkouts": 0, "waits": 0}
    return (ADA, "--yes"), Told("customer.erased", f"customer {world.customer()}", None, after)


@case("customers move")
def _move(world: World) -> Prepared:
    world.sell()
    told = Told("customer.moved", f"customer {world.customer()}", None, {"orders": 1})
    return (ADA, "adas-new@example.com"), told


@case("customers move")
def _merge(world: World) -> Prepared:
    world.sell()
    sell(world.app, world.sandbox, email="adas-new@example.com")
    old, new = world.customer(), world.customer("adas-new@example.com")
    told = Told("customer.merged", f"customer {old}", {"customer": old}, {"customer": new, "orders": 1})
    return (ADA, "adas-new@example.com"), told


@case("needs-you")
def _close_notice(world: World) -> Prepared:
    sale = world.sell()
    sale.at_charge("dispute", status="needs_response")
    sale.deliver("charge.dispute.")
    notice_id = read_json(world.command, "needs-you")[0]["id"]
    told = Told("notice.closed", f"notice {notice_id}", None, {"kind": "dispute_open"})
    return ("--done", str(notice_id)), told


@case("keys import")
def _import(world: World) -> Prepared:
    make_pool(world.app)
    after = {"imported": 3, "served_keys": 0, "served_orders": 0, "unsold": 3}
    words = ("twinspot", world.file("keys.txt", "\n".join(numbered(3))))
    return words, Told("keys.imported", "twinspot", None, after)


@case("keys remove")
def _remove(world: World) -> Prepared:
    make_pool(world.app)
    bring(world.app, numbered(3))
    words = ("twinspot", world.file("wrong.txt", "\n".join(numbered(2))))
    return words, Told("keys.removed", "twinspot", None, {"removed": 2, "unsold": 1})


@case("keys seal")
def _seal(world: World) -> Prepared:
    world.sell()
    unseal(world.app)
    with world.app.app_context():
        make_data_key(LICENSE_KEYS)  # by another `keys seal`, which was ended then
    sealed = {"sold": 1, "imported": 0, "retired": 0, "is_resealed": False}
    return ("--yes",), Told("keys.sealed", "license keys", None, sealed)


@case("keys serve")
def _serve(world: World) -> Prepared:
    make_pool(world.app)
    bring(world.app, numbered(1))
    for _first_and_waiting in range(2):
        world.sell()
    change_rows(world.app, "UPDATE products SET key_source = 'generated'")
    return (), Told("keys.served", "twinspot", None, {"keys": 1, "orders": 1})


@case("keys withdraw")
def _withdraw_key(world: World) -> Prepared:
    key = world.sold_key()
    after = {"order": number_of(world.sales[0]), "because": "found on a forum"}
    return (key, "--because", "found on a forum"), Told("key.withdrawn", f"…{key[-5:]}", None, after)


@case("keys withdraw")
def _withdraw_unsold_key(world: World) -> Prepared:
    make_pool(world.app)
    (key,) = numbered(1)
    bring(world.app, [key])
    return (key,), Told("key.withdrawn", f"…{key[-5:]}", None, {"product": "twinspot"})


@case("keys restore")
def _restore_key(world: World) -> Prepared:
    key = world.sold_key()
    world.do("keys", "withdraw", key)
    return (key,), Told("key.restored", f"…{key[-5:]}", None, {"order": number_of(world.sales[0])})


@case("keys replace")
def _replace_key(world: World) -> Prepared:
    key = world.sold_key()
    after = {"key": ANY, "order": number_of(world.sales[0]), "devices_removed": 0}
    return (key,), Told("key.replaced", f"…{key[-5:]}", {"key": f"…{key[-5:]}"}, after)


@case("keys extend")
def _extend_key(world: World) -> Prepared:
    key = world.sold_key()
    change_rows(world.app, "UPDATE licenses SET expires_at = '2030-01-31 23:59:59+00:00'")
    before = {"expires_at": "2030-01-31T23:59:59+00:00"}
    after = {"expires_at": "2031-01-31T23:59:59+00:00", "order": number_of(world.sales[0]), "because": "late"}
    return (key, "--until", "2031-01-31", "--because", "late"), Told("key.extended", f"…{key[-5:]}", before, after)


@case("keys deactivate")
def _deactivate_device(world: World) -> Prepared:
    key = world.sold_key()
    sent = {"license_key": key, "instance_name": "laptop"}
    device = world.app.test_client().post("/v1/licenses/activate", json=sent).get_json()["instance"]["id"]
    return (key, device), Told("key.device_deactivated", f"…{key[-5:]}", None, {"device": device[:8]})


@case("orders give")
def _give(world: World) -> Prepared:
    after = {"lines": ["2 twinspot/team"], "because": "won a raffle"}
    words = ("ada@example.com", "twinspot/team", "--quantity", "2", "--because", "won a raffle")
    return words, Told("order.given", ANY, None, after)


def _disputed(world: World) -> str:
    sale = world.sell()
    dispute = sale.at_charge("dispute", status="needs_response")
    sale.deliver("checkout.session.completed", "charge.dispute")
    return dispute


@case("disputes draft")
def _draft_answer(world: World) -> Prepared:
    dispute = _disputed(world)
    words = (dispute, world.file("answer.json", json.dumps({"uncategorized_text": "It was used."})))
    return words, Told("dispute.drafted", number_of(world.sales[0]), None, {"dispute": dispute})


@case("disputes attach")
def _attach_file(world: World) -> Prepared:
    dispute = _disputed(world)
    world.do("disputes", "draft", dispute, world.file("answer.json", json.dumps({"service_date": "today"})))
    words = (dispute, world.file("mail.pdf", "%PDF-1.7"), "--as", "customer_communication")
    return words, Told("dispute.file_attached", number_of(world.sales[0]), None, {"dispute": dispute})


@case("disputes submit")
def _submit_answer(world: World) -> Prepared:
    dispute = _disputed(world)
    world.do("disputes", "draft", dispute, world.file("answer.json", json.dumps({"service_date": "today"})))
    return (dispute, "--version", "1"), Told(
        "dispute.answered", number_of(world.sales[0]), None, {"dispute": dispute}
    )


@case("mail bounce")
def _bounce(world: World) -> Prepared:
    world.sell()
    change_rows(world.app, "UPDATE outbox SET state = 'sent'")
    (row,) = read_rows(world.app, "SELECT id, message_id FROM outbox WHERE kind = 'receipt'")
    report = world.file("report.eml", make_report(row["message_id"]))
    return (report,), Told("mail.bounced", f"mail {row['id']}", None, {"status": "5.1.1"})


@case("orders note")
def _note(world: World) -> Prepared:
    number = world.order()
    return (number, "Called ada@example.com"), Told("order.noted", number)


@case("answers send")
def _answer(world: World) -> Prepared:
    number = world.order()
    after = {"answer": "refund-refused", "reader": "buyer", "language": "en"}
    return (number, "refund-refused", "--say", "It is *too late*."), Told("order.answered", number, None, after)


@case("orders delete-note")
def _delete_note(world: World) -> Prepared:
    number = world.order()
    world.do("orders", "note", number, "Wrong order")
    note = read_rows(world.app, "SELECT id FROM order_notes")[0]["id"]
    return (number, str(note)), Told("order.note_deleted", number)


@case("signing-keys prepare")
def _prepare(world: World) -> Prepared:
    return (), Told("signing_key.prepared", ANY)


@case("signing-keys rotate")
def _rotate(world: World) -> Prepared:
    signing = read_json(world.command, "signing-keys", "list")[0]["kid"]
    prepared = read_json(world.command, "signing-keys", "prepare")["kid"]
    return (), Told("signing_key.rotated", prepared, {"signs": signing}, {"signs": prepared})


@case("signing-keys revoke")
def _revoke(world: World) -> Prepared:
    kid = read_json(world.command, "signing-keys", "list")[0]["kid"]
    return (kid,), Told("signing_key.revoked", kid, {"state": "signs"}, {"state": "revoked"})


@case("signing-keys reseal")
def _reseal(world: World) -> Prepared:
    world.do("signing-keys", "list")
    before = world.command.env["SECRET_KEY"]
    world.command.env = {**world.command.env, "OLD_SECRET_KEY": before, "SECRET_KEY": SECRET}
    return (), Told("signing_keys.resealed", "signing keys", None, {"changed": 1, "skipped": []})


@case("mail retry")
def _retry(world: World) -> Prepared:
    mail_id = fail_mails(world, 1)[0]
    return (str(mail_id),), Told("mail.queued_again", f"mail {mail_id}", None, {"mails": [mail_id]})


@case("mail retry")
def _retry_all(world: World) -> Prepared:
    mail_ids = fail_mails(world, 2)
    return ("--failed",), Told("mail.queued_again", "2 mails", None, {"mails": mail_ids})


@case("mail cancel")
def _cancel_mail(world: World) -> Prepared:
    mail_id = fail_mails(world, 1)[0]
    return (str(mail_id),), Told("mail.canceled", f"mail {mail_id}", None, {"mails": [mail_id]})


def fail_mails(world: World, count: int) -> list[int]:
    order_id = make_order(world.app)
    for number in range(count):
        promise(world.app, order_id, again=str(number))
    change_rows(world.app, "UPDATE outbox SET state = 'failed'")
    return [row["id"] for row in read_rows(world.app, "SELECT id FROM outbox ORDER BY id")]


@case("events run")
def _run_event(world: World) -> Prepared:
    make_unhandled_event(world.app, "evt_1", "charge.refunded", "pi_gone")
    return ("evt_1",), Told("event.run_again", "evt_1", None, {"type": "charge.refunded"})


@case("fulfill")
def _fulfill(world: World) -> Prepared:
    sale = world.sell()
    told = Told("order.looked_at_again", number_of(sale), None, {"outcome": "already_fulfilled"})
    return (sale.session_id,), told


@case("reconcile")
def _reconcile(world: World) -> Prepared:
    return ("--since", "3d"), Told("reconciliation.started", "pass 1", None, {"since": ANY})


@case("owner invite")
def _invite(world: World) -> Prepared:
    return (OWNER, "--role", "reader"), Told("person.invited", OWNER, None, {"role": "reader"})


@case("owner link")
def _link(world: World) -> Prepared:
    make_owners(world)
    return (OWNER,), Told("person.link_made", OWNER)


@case("owner role")
def _role(world: World) -> Prepared:
    make_owners(world)
    return (OWNER, "support"), Told("person.role_changed", OWNER, {"role": "owner"}, {"role": "support"})


@case("owner sign-out")
def _sign_owner_out(world: World) -> Prepared:
    make_owners(world)
    return (OWNER,), Told("person.signed_out", OWNER, None, {"sessions": 0})


@case("owner remove")
def _remove_owner(world: World) -> Prepared:
    make_owners(world)
    return (OWNER,), Told("person.removed", OWNER, {"role": "owner"})


@case("owner forget-passkeys")
def _forget_passkeys(world: World) -> Prepared:
    make_owners(world)
    return (OWNER,), Told("passkey.all_removed", OWNER, None, {"count": "0"})


def make_owners(world: World) -> None:
    for email in (OWNER, "otto@storefront.example"):
        world.do("owner", "invite", email)
    change_rows(world.app, "UPDATE people SET came_at = created_at")


def make_page(world: World) -> None:
    world.do("pages", "create", "Colophon", "--text-file", world.file("page.md", "Set in Gridling."))


@case("pages create")
def _create_page(world: World) -> Prepared:
    after = {"title": "Imprint", "body_markdown": ANY, "legal_kind": "imprint"}
    return ("--kind", "imprint"), Told("page.created", "imprint", None, after)


@case("pages edit")
def _edit_page(world: World) -> Prepared:
    make_page(world)
    told = Told("page.changed", "colophon", {"title": "Colophon"}, {"title": "How it is made"})
    return ("colophon", "--title", "How it is made"), told


@case("pages publish")
def _publish_page(world: World) -> Prepared:
    make_page(world)
    return ("colophon",), Told("page.published", "colophon")


@case("pages unpublish")
def _unpublish_page(world: World) -> Prepared:
    make_page(world)
    world.do("pages", "publish", "colophon")
    return ("colophon",), Told("page.unpublished", "colophon")


@case("pages delete")
def _delete_page(world: World) -> Prepared:
    make_page(world)
    before = {"title": "Colophon", "body_markdown": "Set in Gridling.", "legal_kind": None}
    return ("colophon", "--yes"), Told("page.deleted", "colophon", before)


@case("pages consent")
def _ask_for_consent(world: World) -> Prepared:
    return ("--on",), Told("shop.changed", "shop", {"asks_consent": False}, {"asks_consent": True})


@case("mail texts set")
def _write_email(world: World) -> Prepared:
    told = Told("email_text.changed", "receipt/de", {"heading": ANY}, {"heading": "Danke!"})
    return ("receipt", "--language", "de", "--heading", "Danke!"), told


@case("mail texts reset")
def _reset_email(world: World) -> Prepared:
    world.do("mail", "texts", "set", "proof", "--heading", "Hello")
    before = {"subject": "{code} is your code for {shop}", "heading": "Hello", "body": ANY}
    return ("proof",), Told("email_text.reset", "proof/en", before)


@case("mail texts test")
def _test_email(world: World) -> Prepared:
    return ("gift", "--to", ADA), Told("email_text.test_asked", "gift/en")


@case("shop saved-cards")
def _save_cards(world: World) -> Prepared:
    return ("--on",), Told("shop.changed", "shop", {"saves_cards": False}, {"saves_cards": True})


@case("shop referrers")
def _ignore_referrers(world: World) -> Prepared:
    return ("--off",), Told("shop.changed", "shop", {"ignores_referrers": False}, {"ignores_referrers": True})


@case("shop reminders")
def _send_reminders(world: World) -> Prepared:
    return ("--on",), Told("shop.changed", "shop", {"sends_reminders": False}, {"sends_reminders": True})
