"""After a switch of keys: what belongs to another mode is not there, on any page and by any code."""

from collections.abc import Callable

from flask import Flask

from storefront.core.db import db
from storefront.customers.models import AddressProof, ProofPurpose
from storefront.customers.proofs import code_of, link_of, start_proof
from tests.support.rows import change_rows
from tests.support.sale import sell
from tests.support.sandbox_client import SandboxClient
from tests.support.shop import ADA, Buyer, keys_on
from tests.support.sign_in import signed_in


def test_opens_nothing_of_another_mode(app: Flask, sandbox: SandboxClient) -> None:
    sale = sell(app, sandbox, email=ADA)
    ada, link = signed_in(app), sale.link
    ticket = sale.buyer.client.get(sale.downloads[0], base_url=ada.base_url).location
    sign_in, open_order = (prepare(app, purpose) for purpose in (ProofPurpose.SIGN_IN, ProofPurpose.OPEN_ORDER))

    def get(path: str, buyer: Buyer = sale.buyer) -> str:
        with buyer.client.get(path, base_url=ada.base_url) as answer:
            return f"{answer.status_code} {answer.location or ''}".strip()

    def typed() -> str:
        buyer, proof = Buyer(app), prepare(app, ProofPurpose.SIGN_IN)
        with buyer.client.session_transaction(base_url=ada.base_url) as kept:
            kept["proof"] = proof[0]
        change_rows(app, f"UPDATE {what} SET mode = '{mode}'")
        answer = buyer.post("/sign-in/code", code=proof[1])
        change_rows(app, f"UPDATE {what} SET mode = 'sandbox'")
        return f"{answer.status_code} {answer.location or ''}".strip()

    # What changes its mode, what is asked for, and the answer before and after.
    table: list[tuple[str, Callable[[], str], str, str]] = [
        ("orders", lambda: get(link), "200", "404"),
        ("orders", lambda: get(f"{link}/code"), f"303 {link}", "404"),
        ("orders", lambda: get(f"{link}/licenses/1/license-file"), "200", "404"),
        ("orders", lambda: get(f"{link}/receipt"), "200", "404"),
        ("orders", lambda: get(f"{link}/receipt.pdf"), "200", "404"),
        ("orders", lambda: get(f"{link}/stripe-receipt").split()[0], "302", "404"),
        ("orders", lambda: get(link.replace("/orders/", "/checkout/again/")), "302 /cart", "404"),
        ("orders", lambda: get(f"/checkout/return?session_id={sale.session_id}"), "200", "404"),
        ("orders", lambda: get(sale.downloads[0]).split()[0], "302", "404"),
        ("orders", lambda: get(ticket), "200", "404"),
        ("orders", lambda: str(len(keys_on(ada.get("/library").text))), "1", "0"),
        ("customers", lambda: get("/library", ada), "200", "303 /sign-in"),
        ("sign_ins", lambda: get("/library", ada), "200", "303 /sign-in"),
        ("sign_ins", lambda: get("/account/export.json", ada), "200", "303 /sign-in"),
        ("address_proofs", lambda: get(f"/sign-in/link/{sign_in[2]}"), "200", "404"),
        ("address_proofs", lambda: get(f"/confirm/{open_order[2]}"), "200", "404"),
    ]
    for what, ask, before, after in table:
        assert ask() == before, (what, before)
        change_rows(app, f"UPDATE {what} SET mode = 'live'")
        assert ask() == after, (what, after)
        change_rows(app, f"UPDATE {what} SET mode = 'sandbox'")
    for what in ("address_proofs", "customers"):
        for mode, answer in (("live", "400"), ("sandbox", "303 /library")):
            assert typed() == answer, (what, mode)


def prepare(app: Flask, purpose: ProofPurpose) -> tuple[int, str, str]:
    """A proof's id, code and link."""
    with app.app_context():
        proof_id = start_proof(
            purpose=purpose, email=ADA, about="1" if purpose is ProofPurpose.OPEN_ORDER else None
        )
        seed = db.session.get_one(AddressProof, proof_id).seed
        prepared = proof_id, code_of(seed), link_of(seed)
        db.session.remove()
    return prepared
