"""How to begin stands below keys and files: after paying, on the order page, in the receipt."""

from datetime import timedelta

import time_machine

from storefront.core import clock
from tests.support.goods import change_product
from tests.support.sale import sell
from tests.support.sandbox_client import SandboxClient
from tests.support.shop import Shop

STEPS = "1. Unpack it **here**.\n2. Type `twinspot <folder>`."
PLAIN = "1. Unpack it here.\n2. Type twinspot <folder>."
HTML = "Unpack it <strong>here</strong>."


def test_shows_first_steps_below_the_key_while_there_is_one(shop: Shop, sandbox: SandboxClient) -> None:
    change_product(shop.app, "twinspot", first_steps=STEPS)
    sale = sell(shop.app, sandbox, ("twinspot", "Personal"), ("the-patient-toolmaker", "E-book"))
    for page in (sale.buyer.land(sale.session_id).text, sale.order_page()):
        assert page.count("Get started") == 1  # the other product has none
        assert page.index(sale.keys[0]) < page.index(HTML) < page.index("The Patient Toolmaker")
        assert "<code>twinspot &lt;folder&gt;</code>" in page
    shop.mailbox.clear()
    sale.buyer.post(f"{sale.link}/receipt")
    with time_machine.travel(clock.now() + timedelta(minutes=3), tick=True):
        shop.work()
    (mail,) = (mail for mail in shop.mails() if str(mail["subject"]).startswith("Your "))
    text, html = str(mail["text"]).replace("\r\n", "\n"), str(mail["html"])
    assert text.index(sale.keys[0]) < text.index(f"Get started:\n\n{PLAIN}") < text.index("The Patient Toolmaker")
    assert html.index(sale.keys[0]) < html.index(HTML)
    sale.refund(amount=500, metadata={"storefront_items": "1"})
    sale.deliver("charge.refunded", "refund.")
    assert HTML not in sale.order_page()
