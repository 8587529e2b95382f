"""Whatever people typed: what leaves is legal for every server, arrives as it was meant, and from one sender."""

from collections.abc import Iterator

from flask import Flask

from storefront.devtools.mailbox.server import MailboxServer
from storefront.mail.letter import Mail
from storefront.mail.models import OutboxMessage
from tests.mail.promises import deliver, promise, rows
from tests.mail.smtp_server import use_server
from tests.mail.strict import read_strictly, sender_of, text_of
from tests.support.factories import make_order

SCOTLAND = "".join(chr(0xE0000 + ord(letter)) for letter in "gbsct\x7f")  # behind a black flag
FAMILY = "\N{MAN}\N{ZERO WIDTH JOINER}\N{WOMAN}\N{ZERO WIDTH JOINER}\N{GIRL}"
ARABIC = "مفتاح الترخيص الخاص بك"

# What was typed, and what arrives where it is not the same.
TYPED = {
    "nothing": ("", ""),
    "short": ("Thank you!", ""),
    "1,200 letters": ("word " * 240, ""),
    "1,200 without a space": ("x" * 1200, ""),
    "70,000 letters": ("Fixed a bug. " * 5400, ""),
    "70,000 letters in Japanese": ("漢字かな" * 17_500, ""),
    "998 of two bytes": ("ä" * 998, ""),
    "emoji": (FAMILY * 300, ""),
    "from right to left": (f"{ARABIC} " * 60, ""),
    "a long address": ("Your order:\nhttps://shop.example/orders/" + "a" * 3000 + "\n", ""),
    "a bare CR": ("one\rtwo\r\nthree\nfour", "one\ntwo\nthree\nfour"),
    "other ends of lines": (
        "one\x0btwo\x0cthree\x85four\u2028five\u2029six",
        "one\ntwo\nthree\nfour\nfive\nsix",
    ),
    "controls": ("a\x00b\x07c\x1b[31md\x7fe\x9bf\tg", "abc[31mdef\tg"),
    "half a character": ("a\ud83d b\udc00", "a\ufffd b\ufffd"),
    "two halves": ("\ud83d\ude00", "\U0001f600"),
    "dots and From": (".\n..\nFrom nobody\n. \n-- \n", ""),
    "spaces at ends": ("one  \ntwo\t\n   ", ""),
    "equals signs": ("=3D =\n=?utf-8?q?no?=", ""),
}


def composed(message: OutboxMessage) -> Mail:
    typed, _meant = TYPED[message.dedupe_key.rpartition(":")[2]]
    return Mail(
        recipient=message.recipient,
        message_id=message.message_id,
        subject=f"News: {typed}",
        text=typed,
        html=f"<p>{typed}</p>",
    )


def test_arrives_whole_and_in_legal_lines_whatever_was_typed(app: Flask, mailbox: MailboxServer) -> None:
    order_id = make_order(app)
    for case in TYPED:
        promise(app, order_id, again=case, hold=False)
    assert deliver(app, composed) == len(TYPED)
    assert {(message["state"], message["last_error"]) for message in rows(app)} == {("sent", None)}
    arrived = {mail.message_id: mail.raw for mail in mailbox.find()}
    for (case, (typed, same)), promised in zip(TYPED.items(), rows(app), strict=True):
        message, meant = read_strictly(arrived[promised["message_id"]]), same or typed
        assert text_of(message, "plain") == _ended(meant), case
        assert text_of(message, "html") == _ended(f"<p>{meant}</p>"), case
        subject, whole = str(message["Subject"]), " ".join(f"News: {meant}".split())
        is_cut = subject.endswith("…") and whole.startswith(subject[:-1]) and len(subject) <= 200 < len(whole)
        assert subject == whole or is_cut, case


def _ended(text: str) -> str:
    """End a body's last line."""
    return text if text.endswith("\n") else text + "\n"


SENDERS = [
    # SHOP_NAME, MAIL_FROM, the name that arrives
    ("Acme, Inc.", "shop@acme.example", "Acme, Inc."),
    ('The "Best" Fonts \\ Co', "shop@acme.example", 'The "Best" Fonts \\ Co'),
    ("Fonts (and more); <b>@home</b>: .,", "shop@acme.example", "Fonts (and more); <b>@home</b>: .,"),
    ("Ada's Fonts", "shop@acme.example", "Ada's Fonts"),
    ("Bücher, Töne & 漢字", "shop@acme.example", "Bücher, Töne & 漢字"),
    (f"{ARABIC} {FAMILY}", "shop@acme.example", f"{ARABIC} {FAMILY}"),
    ("=?utf-8?q?eve?=", "shop@acme.example", "=?utf-8?q?eve?="),
    ("eve@elsewhere.example", "shop@acme.example", "eve@elsewhere.example"),
    ("Acme " * 500, "shop@acme.example", ("Acme " * 500)[:119].rstrip() + "…"),
    ("x" * 5000, "shop@acme.example", "x" * 119 + "…"),
    ("漢" * 5000, "shop@acme.example", "漢" * 119 + "…"),
    ("x" * 118 + "🇯🇵" + "x" * 99, "shop@acme.example", "x" * 118 + "…"),
    ("x" * 116 + "🇯🇵🇫🇷🇩🇪", "shop@acme.example", "x" * 116 + "🇯🇵…"),
    ("x" * 117 + "🇯🇵🇫🇷🇩🇪", "shop@acme.example", "x" * 117 + "🇯🇵…"),
    ("x" * 118 + "👍🏽" + "x" * 99, "shop@acme.example", "x" * 118 + "…"),
    ("x" * 116 + "🏴" + SCOTLAND + "y" * 99, "shop@acme.example", "x" * 116 + "…"),
    ("Test Shop", '"Acme, Inc." <hello@acme.example>', "Acme, Inc."),
    ("Test Shop", "Acme Inc <hello@acme.example>", "Acme Inc"),
    ("Test Shop", "Acme Inc. <hello@acme.example>", "Acme Inc."),
    ("Test Shop", '"A \\"B\\" C" <hello@acme.example>', 'A "B" C'),
    ("Test Shop", "Bücher <hello@bücher.example>", "Bücher"),
    ("Test Shop", "<hello@straße.example>", "Test Shop"),
    ("Test Shop", "h+" + "o" * 60 + "@" + "a." * 90 + "example", "Test Shop"),
]


def _tried(app: Flask, environment: dict[str, str], mailbox: MailboxServer) -> Iterator[tuple[str, str, bytes]]:
    order_id = make_order(app)
    for shop_name, mail_from, name in SENDERS:
        mailbox.clear()
        use_server(app, environment, mailbox.smtp_port, SHOP_NAME=shop_name, MAIL_FROM=mail_from)
        promise(app, order_id, again=shop_name + mail_from, hold=False)
        deliver(app)
        (arrived,) = mailbox.find()
        yield mail_from.rpartition("<")[2].rstrip(">"), name, arrived.raw


def test_comes_from_one_sender_under_the_shops_name(
    app: Flask, mailbox: MailboxServer, environment: dict[str, str]
) -> None:
    for typed, name, raw in _tried(app, environment, mailbox):
        address = typed.replace("bücher", "xn--bcher-kva").replace("straße", "xn--strae-oqa")
        assert sender_of(read_strictly(raw)) == (name, address)
