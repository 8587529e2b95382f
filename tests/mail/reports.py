"""Delivery reports as mail servers write them (RFC 3464)."""


def make_report(message_id: str, *, action: str = "failed", status: str = "5.1.1", whole: bool = False) -> str:
    """`whole`: the last part is the email itself, and not only its headers."""
    last = "message/rfc822" if whole else "text/rfc822-headers"
    return f"""\
From: MAILER-DAEMON@mx.example.com
To: shop@storefront.example
Subject: Undelivered Mail Returned to Sender
Message-ID: <report@mx.example.com>
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="b"

--b
Content-Type: text/plain

I'm sorry to have to inform you.

--b
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.example.com

Final-Recipient: rfc822; ada@example.com
Action: {action}
Status: {status}
Diagnostic-Code: smtp; 550 {status} <ada@example.com>: no such user

--b
Content-Type: {last}

From: shop@storefront.example
Message-ID: {message_id}
Subject: Your order

Hello

--b--
"""


def make_global_report(message_id: str, *, whole: bool = False) -> str:
    """The same of an address beyond ASCII, as RFC 6533 has it."""
    report = make_report(message_id, whole=whole).replace("delivery-status", "global-delivery-status")
    last = ("message/rfc822", "message/global") if whole else ("text/rfc822-headers", "message/global-headers")
    return report.replace(*last).replace("rfc822; ada@", "utf-8; jürgen@")
