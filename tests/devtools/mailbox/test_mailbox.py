"""The mailbox: real SMTP in, HTML and JSON out, and trouble on order."""

import smtplib
from collections.abc import Iterator
from email.message import EmailMessage
from pathlib import Path

import pytest
import requests

from storefront.devtools.loopback import ConfigError
from storefront.devtools.mailbox.server import MailboxServer


@pytest.fixture
def box(tmp_path: Path) -> Iterator[MailboxServer]:
    with MailboxServer(smtp_port=0, web_port=0, data_path=tmp_path / "mail.db") as server:
        yield server


def make_mail(
    *, subject: str = "Grüße 🙂", text: str = "Ein Schlüssel", html: str = "<p>Ein <b>Schlüssel</b></p>"
) -> EmailMessage:
    message = EmailMessage()
    message["From"] = "Läden & Co <shop@example.com>"
    message["To"] = "ada@example.com"
    message["Subject"] = subject
    message["Message-ID"] = "<one@example.com>"
    message.set_content(text)
    message.add_alternative(html, subtype="html")
    return message


def send(box: MailboxServer, message: EmailMessage | bytes, *, to: str = "ada@example.com") -> None:
    raw = message if isinstance(message, bytes) else message.as_bytes()
    with smtplib.SMTP("127.0.0.1", box.smtp_port, timeout=60) as client:
        client.sendmail("shop@example.com", [to], raw)


def test_shows_a_mail_as_html_text_and_json(box: MailboxServer) -> None:
    send(box, make_mail())
    mail = requests.get(f"{box.url}/messages.json", timeout=60).json()["data"][0]
    assert (mail["subject"], mail["to"], mail["message_id"]) == (
        "Grüße 🙂",
        ["ada@example.com"],
        "<one@example.com>",
    )
    assert mail["text"].strip() == "Ein Schlüssel"
    assert "<b>Schlüssel</b>" in mail["html"]
    inbox = requests.get(box.url, timeout=60).text
    assert "Grüße 🙂" in inbox
    assert "Läden &amp; Co &lt;shop@example.com&gt;" in inbox
    assert "SANDBOX" in inbox
    assert "Ein Schlüssel" in requests.get(f"{box.url}/messages/{mail['id']}?view=text", timeout=60).text
    assert "Message-ID: &lt;one@" in requests.get(f"{box.url}/messages/{mail['id']}?view=source", timeout=60).text


def test_runs_nothing_that_a_mail_brings(box: MailboxServer) -> None:
    send(
        box, make_mail(subject="<script>alert(1)</script>", html="<script>alert(2)</script><img src=//x.example>")
    )
    mail_id = box.messages()[0]["id"]
    for path in ("/", f"/messages/{mail_id}"):
        assert "<script" not in requests.get(box.url + path, timeout=60).text
    frame = requests.get(f"{box.url}/messages/{mail_id}/html", timeout=60)
    policy = frame.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "sandbox" in policy
    assert "allow-scripts" not in policy
    assert "script-src" not in policy


def test_finds_by_recipient_and_pages(box: MailboxServer) -> None:
    for number in range(52):
        send(box, make_mail(subject=f"Mail {number}"), to=f"reader{number}@example.com")
    first = requests.get(box.url, timeout=60).text
    assert "Mail 51" in first
    assert "Mail 1<" not in first
    assert "Mail 1<" in requests.get(f"{box.url}/?page=2", timeout=60).text
    mails = requests.get(f"{box.url}/messages.json?to=READER7@", timeout=60).json()["data"]
    assert [mail["subject"] for mail in mails] == ["Mail 7"]
    assert "No mail to an address" in requests.get(f"{box.url}/?to=nobody", timeout=60).text


def test_keeps_its_mails_over_a_restart(tmp_path: Path) -> None:
    for expected in (1, 2):
        with MailboxServer(smtp_port=0, web_port=0, data_path=tmp_path / "mail.db") as box:
            send(box, make_mail())
            assert len(box.messages()) == expected


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"no headers at all",
        b"Subject: =?utf-8?q?broken\r\nFrom: <<>>\r\n\r\nbody",
        b"Content-Type: text/plain; charset=no-such-charset\r\n\r\n\xff\xfe",
        b"Content-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\nno end",
        b"Subject: \xff\xfe raw bytes\r\n\r\nbody",
        b"From: a@[\r\n\r\nbody",
        b"From: group: a@b, ;\xff\xfe\r\n\r\nbody",
        b"X-Note: =?utf-7?q?+2AA-?=\r\n\r\nbody",
        b'Content-Type: text/plain; charset="utf-8\x00"\r\n\r\nbody',
        b"Content-Type: text/html; charset=undefined\r\n\r\nbody",
        b'Content-Type: text/html\r\nContent-Disposition: attachment; filename="a.html"\r\n\r\n<b>x</b>',
    ],
)
def test_shows_broken_mail_too(box: MailboxServer, raw: bytes) -> None:
    send(box, raw)
    mail_id = box.messages()[0]["id"]
    views = [f"/messages/{mail_id}{view}" for view in ("", "?view=text", "?view=source", "/html")]
    for path in ("/", "/messages.json", *views):
        assert requests.get(box.url + path, timeout=60).status_code == 200


def test_tells_every_header_and_attachment(box: MailboxServer) -> None:
    mail = make_mail()
    mail.add_attachment(b"%PDF", maintype="application", subtype="pdf", filename="Quittung für Ada.pdf")
    send(box, b"Received: one\r\nReceived: two\r\n" + mail.as_bytes())
    (mail,) = requests.get(f"{box.url}/messages.json", timeout=60).json()["data"]
    assert [value for name, value in mail["headers"] if name == "Received"] == ["one", "two"]
    assert mail["attachments"] == ["Quittung für Ada.pdf"]
    assert "Quittung für Ada.pdf" in requests.get(f"{box.url}/messages/{mail['id']}", timeout=60).text


def test_refuses_recipients_on_order_then_takes_them(box: MailboxServer) -> None:
    box.trouble.refuse_times = 1
    box.trouble.refuse_with = "550 5.1.1 No such user"
    with pytest.raises(smtplib.SMTPRecipientsRefused, match="550"):
        send(box, make_mail())
    send(box, make_mail())
    assert len(box.messages()) == 1


def test_hangs_or_hangs_up_on_order(box: MailboxServer) -> None:
    box.trouble.drop = True
    with pytest.raises(smtplib.SMTPServerDisconnected):
        send(box, make_mail())
    box.clear()
    box.trouble.hang_seconds = 30
    client = smtplib.SMTP("127.0.0.1", box.smtp_port, timeout=60)
    client.ehlo()
    client.mail("shop@example.com")
    client.rcpt("ada@example.com")
    assert client.sock is not None
    client.sock.settimeout(0.3)
    with pytest.raises(smtplib.SMTPServerDisconnected, match="timed out"):
        client.data("Subject: late\r\n\r\nlate")
    box.clear()
    send(box, make_mail())
    assert len(box.messages()) == 1


def test_goes_down_and_up(box: MailboxServer) -> None:
    box.go_down()
    with pytest.raises(ConnectionRefusedError):
        send(box, make_mail())
    box.go_up()
    send(box, make_mail())
    assert len(box.messages()) == 1


def test_clears_only_for_its_own_pages(box: MailboxServer) -> None:
    send(box, make_mail())
    foreign = {"Origin": "http://evil.example"}
    assert requests.post(f"{box.url}/clear", headers=foreign, timeout=60).status_code == 403
    assert requests.delete(f"{box.url}/messages", headers=foreign, timeout=60).status_code == 403
    assert len(box.messages()) == 1
    own = {"Origin": box.url}
    assert requests.post(f"{box.url}/clear", headers=own, timeout=60, allow_redirects=False).status_code == 303
    assert box.messages() == []
    assert "No mail yet" in requests.get(box.url, timeout=60).text


def test_knows_no_unknown_mail(box: MailboxServer) -> None:
    assert requests.get(f"{box.url}/messages/999", timeout=60).status_code == 404


def test_listens_on_loopback_only_unless_told() -> None:
    with pytest.raises(ConfigError, match="--allow-any-address"):
        MailboxServer(smtp_port=0, web_port=0, data_path=None, host="0.0.0.0")  # noqa: S104 - what must be refused
