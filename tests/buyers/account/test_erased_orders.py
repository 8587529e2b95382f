"""What an order keeps of an erased buyer: amounts and country, nothing that names somebody."""

from flask import Flask

from tests.buyers.account.customers import erase, make_customers
from tests.support.rows import change_rows, read_rows


def test_takes_name_tax_ids_and_address_from_every_order_and_leaves_the_rest(app: Flask) -> None:
    gone, stays = make_customers(app, 2)
    tax_ids = '[{"type": "eu_vat", "value": "DE123456789"}]'
    change_rows(app, f"UPDATE orders SET name = 'Ada Lovelace', tax_ids = '{tax_ids}', country = 'DE'")
    change_rows(app, "UPDATE orders SET invoice_number = 'A-0001', invoice_url = 'https://invoice.stripe.com/i/1'")
    erase(app, gone)
    before, after = read_rows(app, "SELECT * FROM orders ORDER BY id DESC")
    assert (after["name"], after["tax_ids"], after["email"]) == (None, "[]", "")
    assert (after["country"], after["total_minor"], after["invoice_number"]) == ("DE", 1900, "A-0001")
    assert (before["invoice_url"], after["invoice_url"]) == ("https://invoice.stripe.com/i/1", None)
    assert (before["name"], before["tax_ids"], before["email"]) == ("Ada Lovelace", tax_ids, stays)
    assert "DE123456789" not in str([row for row in read_rows(app, "SELECT * FROM orders") if not row["email"]])
