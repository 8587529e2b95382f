"""Files in a bucket: a real S3 protocol server, and downloads that are handed over to it."""

import hashlib
import io
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier
from typing import IO, Any

import pytest
from flask import Flask

from storefront.core.buckets import Bucket
from storefront.core.config.settings import SettingsError, load_settings
from storefront.core.db import db, transaction
from storefront.core.disposition import disposition
from storefront.core.storage import StorageUnavailable, storage
from storefront.delivery.downloads.models import Download
from storefront.shop.catalog.upload_checks import ReleaseFileExists
from tests.delivery.downloads.sent import get
from tests.support.goods import change_product
from tests.support.releases import add_release_file
from tests.support.rows import count_rows, read_rows
from tests.support.s3 import bucket_settings
from tests.support.sale import Sale, sell
from tests.support.sandbox_client import SandboxClient
from tests.support.shop import Buyer

pytestmark = pytest.mark.slow
NAME = "Größe ☕ & more.zip"
MIB = 1024 * 1024


@pytest.fixture
def environment(environment: dict[str, str], s3: str) -> dict[str, str]:
    return environment | bucket_settings(s3)


def keys(bucket: Any) -> list[str]:
    return [stored["Key"] for stored in bucket.list_objects_v2(Bucket="goods").get("Contents", [])]


def put(content: IO[bytes], name: str = NAME) -> str:
    return storage().put(content, folder="tool/1.0", filename=name, content_type="application/zip").path


def test_takes_the_same_file_twice_for_one_and_replaces_nothing_by_another(app: Flask, bucket: Any) -> None:
    with app.app_context():
        first = put(io.BytesIO(b"one"))
        assert put(io.BytesIO(b"one")) == first
        assert put(io.BytesIO(b"two")) != first
        assert b"".join(storage().read(first)) == b"one"
        assert storage().find_size(first) == 3
        assert storage().find_size("tool/none.zip") is None
        assert storage().find_local_path(first) is None
    assert len(keys(bucket)) == 2


def test_gives_a_presigned_address_name_type_and_bytes(app: Flask, bucket: Any) -> None:
    with app.app_context():
        address = storage().presign(put(io.BytesIO(b"content")), seconds=60)
    assert address
    answer = get(address)
    assert (answer.status_code, answer.content) == (200, b"content")
    assert answer.headers["Content-Type"] == "application/zip"
    assert answer.headers["Content-Disposition"] == disposition(NAME)
    assert get(address, headers={"Range": "bytes=2-"}).content == b"ntent"


class Broken(io.BytesIO):
    """A disk that fails in the middle of the second reading."""

    def __init__(self, content: bytes) -> None:
        super().__init__(content)
        self.readings = 0

    def seek(self, *args: int) -> int:
        self.readings += 1
        return super().seek(*args)

    def read(self, size: int | None = -1) -> bytes:
        if self.readings and self.tell() > 6 * MIB:
            raise OSError("the disk is gone")
        return super().read(size)


def test_leaves_nothing_of_a_broken_upload(app: Flask, bucket: Any) -> None:
    with app.app_context(), pytest.raises(Exception, match="disk is gone"):
        put(Broken(bytes(16 * MIB)))
    assert keys(bucket) == []
    assert bucket.list_multipart_uploads(Bucket="goods").get("Uploads", []) == []


def test_uploads_a_large_file_in_parts_and_keeps_its_hash(app: Flask, bucket: Any, tmp_path: Path) -> None:
    source = tmp_path / "large.bin"
    with source.open("wb") as content:
        content.truncate(40 * MIB)
    with app.app_context(), source.open("rb") as content:
        stored = storage().put(content, folder="tool/1.0", filename="large.bin", content_type="x/y")
    assert (stored.size_bytes, stored.sha256) == (40 * MIB, hashlib.sha256(bytes(40 * MIB)).hexdigest())
    assert bucket.head_object(Bucket="goods", Key=keys(bucket)[0])["ContentLength"] == 40 * MIB


def upload(app: Flask, source: Path) -> int | type[Exception]:
    with app.app_context():
        try:
            return add_release_file(slug="twinspot", version="9.0", source=source)
        except ReleaseFileExists as error:
            return type(error)
        finally:
            db.session.remove()


def test_refuses_other_bytes_under_a_name_of_a_release_and_keeps_none_of_them(
    app: Flask, bucket: Any, tmp_path: Path
) -> None:
    bucket.put_bucket_versioning(Bucket="goods", VersioningConfiguration={"Status": "Enabled"})
    source = tmp_path / "tool.zip"
    source.write_bytes(b"one")
    first = upload(app, source)
    assert upload(app, source) == first
    source.write_bytes(b"two")
    assert upload(app, source) is ReleaseFileExists
    assert len(keys(bucket)) == 1
    history = bucket.list_object_versions(Bucket="goods")
    assert (len(history["Versions"]), history.get("DeleteMarkers", [])) == (1, []), "it was never sent there"


def test_keeps_only_the_recorded_one_of_uploads_at_once(app: Flask, bucket: Any, tmp_path: Path) -> None:
    sources = [tmp_path / str(number) / "tool.zip" for number in range(4)]
    for source in sources:
        source.parent.mkdir()
        source.write_bytes(source.parent.name.encode())
    meet = Barrier(len(sources))

    def start(source: Path) -> int | type[Exception]:
        meet.wait(10)
        return upload(app, source)

    with ThreadPoolExecutor(len(sources)) as pool:
        done = list(pool.map(start, sources))
    assert done.count(ReleaseFileExists) == 3
    rows = read_rows(app, "SELECT path FROM release_files WHERE filename = 'tool.zip'")
    assert keys(bucket) == [f"shop/{rows[0]['path']}"]


def sell_from_bucket(app: Flask, sandbox: SandboxClient, tmp_path: Path) -> tuple[Sale, str]:
    """Return a sale, and the short-lived address of its file."""
    change_product(app, "twinspot", download_limit=1)
    source = tmp_path / NAME
    source.write_bytes(b"the newest")
    with app.app_context():
        add_release_file(slug="twinspot", version="9.0", source=source)
        db.session.remove()
    sale = sell(app, sandbox)
    link = sale.downloads[0].removeprefix(sale.buyer.base_url)
    return sale, str(sale.buyer.get(link, follow_redirects=False).location)


def test_sends_a_buyer_to_the_bucket_and_counts_once(
    app: Flask, bucket: Any, sandbox: SandboxClient, tmp_path: Path
) -> None:
    sale, short = sell_from_bucket(app, sandbox, tmp_path)
    for _ in range(2):
        handed_over = Buyer(app).get(short, follow_redirects=False)
        assert handed_over.status_code == 302
        assert handed_over.headers["Cache-Control"] == "private, no-store"
        assert get(handed_over.location).content == b"the newest"
        # Nothing can take it back, so it ends soon; resuming begins at the shop again.
        assert "X-Amz-Expires=600" in handed_over.location
    sale.refund()
    sale.deliver("charge.refunded", "refund.")
    assert Buyer(app).get(short, follow_redirects=False).status_code == 403


def test_answers_head_itself(app: Flask, bucket: Any, sandbox: SandboxClient, tmp_path: Path) -> None:
    """Keep HEAD from the bucket, which would refuse it: its address is signed for GET."""
    _sale, short = sell_from_bucket(app, sandbox, tmp_path)
    head = Buyer(app).client.head(short, headers={"Range": "bytes=0-1"})
    assert (head.status_code, head.headers["Content-Length"]) == (200, str(len(b"the newest")))
    assert head.headers["Content-Type"] == "application/zip"
    assert head.headers["Content-Disposition"] == disposition(NAME)
    assert count_rows(app, Download)["downloads"] == 0


def test_takes_nothing_for_a_part_behind_the_end(
    app: Flask, bucket: Any, sandbox: SandboxClient, tmp_path: Path
) -> None:
    _sale, short = sell_from_bucket(app, sandbox, tmp_path)
    refused = Buyer(app).get(short, headers={"Range": "bytes=99-"}, follow_redirects=False)
    assert (refused.status_code, refused.headers["Content-Range"]) == (416, "bytes */10")
    assert count_rows(app, Download)["downloads"] == 0
    part = Buyer(app).get(short, headers={"Range": "bytes=4-"}, follow_redirects=False)
    assert part.status_code == 302
    assert count_rows(app, Download)["downloads"] == 1


def test_tells_the_buyer_and_once_the_owner_of_a_file_missing_in_the_bucket(
    app: Flask, bucket: Any, sandbox: SandboxClient, tmp_path: Path
) -> None:
    sale, short = sell_from_bucket(app, sandbox, tmp_path)
    bucket.delete_object(Bucket="goods", Key=keys(bucket)[0])
    for _ in range(2):
        answer = sale.buyer.get(short, follow_redirects=False)
        assert (answer.status_code, "your order is safe" in answer.text) == (503, True)
    assert sale.open_notices() == ["file_missing"]
    assert count_rows(app, Download)["downloads"] == 0


def test_says_in_a_sentence_that_a_bucket_does_not_answer(environment: dict[str, str]) -> None:
    options = load_settings(environment | {"AWS_ENDPOINT_URL": "http://127.0.0.1:9"}).files_options
    from storefront.app import create_app

    app = create_app(load_settings(environment))
    with app.app_context(), pytest.raises(StorageUnavailable, match="does not answer"):
        Bucket("s3://goods", options).find_size("x")
    with app.app_context():
        db.session.remove()
        db.engine.dispose()


def test_asks_no_bucket_inside_a_transaction(app: Flask, bucket: Any) -> None:
    with app.app_context(), pytest.raises(RuntimeError, match="transaction"), transaction():
        storage().find_size("x")


def test_names_the_settings_that_are_missing(environment: dict[str, str]) -> None:
    without = {name: value for name, value in environment.items() if not name.startswith("AWS_")}
    with pytest.raises(SettingsError) as refused:
        load_settings(without)
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_REGION"):
        assert name in str(refused.value)
    for wrong in ("ftp://a/b", "s3://", "file://relative"):
        with pytest.raises(SettingsError, match="FILES_URL"):
            load_settings(environment | {"FILES_URL": wrong})
    with pytest.raises(SettingsError, match="ACCEL_PREFIX"):
        load_settings(environment | {"ACCEL_PREFIX": "/protected/"})
