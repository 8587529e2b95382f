"""What tests send leaves no file open: another test would fail by the warning."""

from io import BytesIO

from flask import Flask


def test_closes_the_temporary_file_of_a_large_form(app: Flask) -> None:
    form = {"file": (BytesIO(b"x" * 600_000), "large.bin")}
    answer = app.test_client().post("/admin/shop/looks/logo", data=form)
    assert answer.request.environ["wsgi.input"].closed
