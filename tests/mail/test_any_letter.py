"""Any text at all, the same hundred each time: a legal mail, from one sender, that says what was typed."""

import smtplib

from hypothesis import given, settings
from hypothesis import strategies as st

from storefront.core.email_addresses import Mailbox, find_address
from storefront.mail.letter import Mail, write_letter
from tests.mail.strict import read_strictly, sender_of, text_of
from tests.support.factories import NOON

TRICKY = ' ",.<>()@\\=?_:;\r\n\tab漢\u0301é\x00\ud800'
ANY_TEXT = st.text(alphabet=st.characters(), max_size=300) | st.text(alphabet=TRICKY, max_size=300)
ADDRESS = "shop@storefront.example"


@settings(max_examples=100, derandomize=True, deadline=None, database=None)
@given(subject=ANY_TEXT, name=ANY_TEXT, body=ANY_TEXT)
def test_writes_a_legal_mail_from_one_sender(subject: str, name: str, body: str) -> None:
    mail = Mail(recipient=ADDRESS, message_id="<1@a.example>", subject=subject, text=body, html=f"<p>{body}</p>")
    sender = Mailbox(name=name, address=ADDRESS)
    message = read_strictly(write_letter(mail, sender=sender, recipient=ADDRESS, sent_at=NOON))
    assert sender_of(message)[1] == ADDRESS
    assert text_of(message, "html").strip().startswith("<p>")
    assert text_of(message, "plain") in (text_of(message, "html")[3:-5], text_of(message, "html")[3:-5] + "\n")


@settings(max_examples=300, derandomize=True, deadline=None, database=None)
@given(text=st.text(alphabet='ab.@<>"(),;: \\\r\n\x00é-_', max_size=20))
def test_takes_for_an_address_only_what_smtp_takes_for_the_same(text: str) -> None:
    address = find_address(text)
    assert address is None or smtplib.quoteaddr(address) == f"<{address}>"
