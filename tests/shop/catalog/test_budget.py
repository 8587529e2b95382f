"""What a product's page asks of a phone before its pictures: six answers and 60 KB at most, not compressed."""

import re

from flask import Flask

from tests.shop.media.drawn import add, add_one_sample
from tests.support.goods import change_product
from tests.support.shop import Buyer

MOST_ANSWERS, MOST_BYTES = 6, 60_000
ASKED = re.compile(r'<(?:link rel="stylesheet" href|script src)="([^"]+)"')


def test_needs_few_answers_and_bytes_before_pictures(app: Flask, buyer: Buyer) -> None:
    add(app, alt="A blue field")
    add_one_sample(app)
    change_product(app, "twinspot", description_markdown="A paragraph of words. " * 300, first_steps="Begin.")
    page = buyer.get("/products/twinspot")
    asked = ASKED.findall(page.text)
    assert {"buy.js", "gallery.js", "player.js"} <= {address.split("/")[-1].split("?")[0] for address in asked}
    assert 1 + len(asked) <= MOST_ANSWERS
    size = len(page.get_data())
    for address in asked:
        with buyer.get(address) as answer:
            size += len(answer.get_data())
    assert size <= MOST_BYTES
