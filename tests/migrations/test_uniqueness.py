"""What may be there once is written down here by hand, and compared with what the database itself enforces."""

import re

import pytest
from flask import Flask
from sqlalchemy import Integer, inspect

from storefront.core.db import db
from tests.support.databases import BOTH

# Table, columns, and the rows it holds for: "" is all of them. A line less here is a promise less to buyers.
ONCE = {
    ("abandoned_checkouts", "checkout_session_id", ""),
    ("availability_requests", "mode product_id email_key", ""),
    ("availability_requests", "token_hash", ""),
    ("stripe_customers", "customer_id account", ""),
    ("stripe_customers", "stripe_id", ""),
    ("activations", "license_id fingerprint", ""),
    ("address_proofs", "link_hash", ""),
    ("broadcast_texts", "broadcast_id language", ""),
    ("bundle_parts", "edition_id product_id", ""),
    ("checkouts", "checkout_session_id", ""),
    ("checkouts", "nonce", ""),
    ("checkouts", "token", ""),
    ("customers", "mode email_key", ""),
    ("discount_mirrors", "coupon_id", ""),
    ("discount_mirrors", "discount_id mode account fingerprint", ""),
    ("discount_mirrors", "promotion_code_id", ""),
    ("discounts", "code", "stopped_at IS NULL"),
    ("dispute_answers", "dispute_id stage", ""),
    ("dispute_files", "answer_id kind", ""),
    ("dispute_files", "stripe_file_id", ""),
    ("gifts", "order_id", ""),
    ("grants", "order_item_id product_id kind ordinal", ""),
    ("licenses", "grant_id", ""),
    ("licenses", "key_hash", ""),
    ("lost_mirrors", "stripe_price_id", ""),
    ("notices", "mode kind subject", ""),
    ("order_items", "order_id stripe_line_item_id", ""),
    ("order_notes", "order_id form", ""),
    ("order_item_parts", "order_item_id product_id", ""),
    ("orders", "checkout_session_id", ""),
    ("orders", "number", ""),
    ("orders", "token_hash", ""),
    ("outbox", "dedupe_key", ""),
    ("outbox", "message_id", ""),
    ("pages", "legal_kind", ""),
    ("pages", "slug", ""),
    ("passkeys", "credential_id", ""),
    ("people", "email_key", ""),
    ("person_links", "link_hash", ""),
    ("person_sessions", "token_hash", ""),
    ("pictures", "sha256", ""),
    ("pool_keys", "key_hash", "removed_at IS NULL"),
    ("editions", "product_id key", ""),
    ("email_texts", "kind language", ""),
    ("answers", "key", ""),
    ("answer_texts", "answer language", ""),
    ("sent_answers", "order_id form", ""),
    ("prices", "edition_id upgrades_from_id currency amount_minor", "upgrades_from_id IS NOT NULL"),
    ("prices", "edition_id currency", "is_active"),
    ("product_pictures", "product_id picture_id", ""),
    ("product_samples", "product_id sha256", ""),
    ("products", "first_slug", ""),
    ("products", "slug", ""),
    ("release_files", "path", ""),
    ("release_files", "release_id filename", ""),
    ("releases", "product_id version", ""),
    ("reminder_readers", "mode address_hash", ""),
    ("reminder_readers", "token_hash", ""),
    ("sign_ins", "token_hash", "order_id IS NULL"),
    ("sign_ins", "token_hash order_id", ""),
    ("signing_keys", "mode", "signs_since IS NOT NULL AND retired_at IS NULL"),
    ("signing_keys", "mode", "signs_since IS NULL AND retired_at IS NULL"),
    ("stripe_mirrors", "price_id mode account tax_code tax_behavior", ""),
    ("upgrades", "grant_id edition_id", "state = 'applied'"),
    ("upgrades", "order_item_id", ""),
    ("uploads", "fingerprint", ""),
    ("uploads", "token", ""),
    ("webhook_endpoints", "endpoint_id", ""),
    ("webhook_endpoints", "mode account", "replaced_at IS NULL"),
    ("webhook_endpoints", "token", ""),
}
# What names a row; all others are named by a number called `id`.
NAMED = {
    ("activations", "id"),
    ("alembic_version", "version_num"),
    ("code_tries", "proof_id who"),
    ("disputes", "id"),
    ("fraud_warnings", "id"),
    ("gift_links", "token_hash"),
    ("data_keys", "name"),
    ("leases", "name"),
    ("readiness_answers", "name mode"),
    ("measurements", "name label"),
    ("counted_days", "mode zone day"),
    ("day_sums", "mode zone day facet name currency"),
    ("money_lines", "id"),
    ("money_reads", "mode"),
    ("payouts", "id"),
    ("news_links", "token_hash"),
    ("order_links", "token_hash"),
    ("passkey_challenges", "challenge_hash"),
    ("product_aliases", "slug"),
    ("refunds", "id"),
    ("refusals", "id"),
    ("retired_keys", "key_hash"),
    ("signing_keys", "kid"),
    ("stripe_events", "id"),
}


@pytest.mark.parametrize("engine", BOTH, indirect=True)
def test_holds_what_is_written_here_and_nothing_else(app: Flask) -> None:
    with app.app_context():
        inspector = inspect(db.engine)
        once, named = set(), set()
        for table in inspector.get_table_names():
            if table.startswith("huey_"):
                continue
            for unique in inspector.get_unique_constraints(table):
                once.add((table, " ".join(unique["column_names"]), ""))
            for index in inspector.get_indexes(table):
                if index["unique"] and not index.get("duplicates_constraint"):
                    where = str(index["dialect_options"].get(f"{db.engine.dialect.name}_where", ""))
                    names = " ".join(name or "?" for name in index["column_names"])
                    once.add((table, names, re.sub(r"[()]|::text", "", where)))
            key = " ".join(inspector.get_pk_constraint(table)["constrained_columns"])
            kinds = {column["name"]: column["type"] for column in inspector.get_columns(table)}
            if not (key == "id" and isinstance(kinds["id"], Integer)):
                named.add((table, key))
        db.session.remove()
    assert once == ONCE
    assert named == NAMED
