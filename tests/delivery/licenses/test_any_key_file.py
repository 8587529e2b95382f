"""Any file of keys: it is imported whole, or refused and no row is another."""

from flask import Flask
from hypothesis import given
from hypothesis import strategies as st

from storefront.core.db import db
from storefront.core.errors import StorefrontError
from storefront.delivery.licenses.models import PoolKey
from storefront.delivery.licenses.pools.import_keys import import_keys
from storefront.delivery.licenses.pools.key_files import read_keys
from tests.delivery.licenses.pools import make_pool
from tests.support.any_input import TEXTS, examples
from tests.support.kept_rows import kept_rows
from tests.support.rows import count_rows

CELLS = TEXTS | st.sampled_from(
    ["key", "License key", "ABCD-1234-EFGH", "00012345", '"quoted"', "#REF!", "1.2E+15", "12-Mar"]
)
ENDS = st.sampled_from([",", ";", "\t", "|", "\n", "\r\n", "\r", '"', "\n#", "sep=;\n", "\x0b", "\u2028"])
TABLES = st.lists(st.tuples(CELLS, ENDS), max_size=12).map(lambda parts: "".join(map("".join, parts)))
ENCODINGS = st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "latin-1", "utf-32"])
CONTENTS = st.binary(max_size=200) | st.builds(
    lambda text, encoding: text.encode(encoding, "replace"), TABLES, ENCODINGS
)


def test_takes_a_file_whole_or_not_at_all(app: Flask) -> None:
    make_pool(app)
    taken, refused = list[int](), dict[str, int]()
    before = count_rows(app, PoolKey)["pool_keys"]

    with kept_rows(app) as rows:

        @examples(60)
        @given(CONTENTS, st.none() | CELLS, st.booleans(), st.booleans())
        def bring(content: bytes, column: str | None, as_is: bool, dry_run: bool) -> None:
            rows.put_back()
            with app.app_context():
                try:
                    done = import_keys("twinspot", read_keys(content, column=column, as_is=as_is), dry_run=dry_run)
                except StorefrontError as refusal:
                    refused[refusal.code] = refusal.status
                    assert rows.changed() == []
                else:
                    taken.append(done.imported)
                    added = count_rows(app, PoolKey)["pool_keys"] - before
                    assert added == (0 if dry_run else done.imported)
                finally:
                    db.session.remove()

        bring()
    assert taken
    assert set(refused) >= {"keys_refused"}
    assert max(refused.values()) < 500
