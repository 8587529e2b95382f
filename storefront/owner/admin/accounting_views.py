"""For the accountant: what Stripe booked in some days, the file of every movement, and the EU's one-stop shop."""

from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import IO

from flask import Response, make_response, render_template, request, stream_with_context
from flask.typing import ResponseReturnValue

from storefront.core.errors import StorefrontError
from storefront.core.temporary import temporary_files
from storefront.owner.accounting.balance import read_balance
from storefront.owner.accounting.csv_file import DecimalSign, FormRefused, Separator, read_csv_form
from storefront.owner.accounting.export import FileFormat, export_csv, export_oss_csv, export_xlsx, file_name
from storefront.owner.accounting.oss import read_oss
from storefront.owner.accounting.periods import read_days, read_quarter, time_of
from storefront.owner.admin.blueprint import admin, needs
from storefront.owner.people.roles import Permission
from storefront.shop.profile.zone import shop_zone, today

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
BLOCK_BYTES = 64 * 1024
LONGEST = 40  # characters of what is typed


def _asked(name: str) -> str:
    return request.args.get(name, "").strip()[:LONGEST]


@admin.get("/accounting")
@needs(Permission.ACCOUNTING)
def accounting() -> ResponseReturnValue:
    try:
        return _page(_asked("first"), _asked("last"), _asked("quarter"))
    except StorefrontError as refusal:
        return _page("", "", "", refusal)


@admin.get("/accounting/export")
@needs(Permission.ACCOUNTING)
def export_accounting() -> ResponseReturnValue:
    zone = shop_zone()
    try:
        span = read_days(_asked("first"), _asked("last"), today=today(zone))
        form = read_csv_form(_asked("separator"), _asked("decimal"))
        if _format() is FileFormat.CSV:
            return _csv(export_csv(span, zone, form), file_name(span, "csv"))
        with temporary_files(), TemporaryDirectory() as folder:
            path = Path(folder) / "accounting.xlsx"
            export_xlsx(span, zone, path)
            return _xlsx(path.open("rb"), file_name(span, "xlsx"))  # the open file outlives its name
    except StorefrontError as refusal:
        return _page("", "", "", refusal)


def _format() -> FileFormat:
    try:
        return FileFormat(_asked("format") or FileFormat.CSV)
    except ValueError as error:
        raise FormRefused(f"Choose {' or '.join(FileFormat)}.") from error


@admin.get("/accounting/oss.csv")
@needs(Permission.ACCOUNTING)
def export_oss() -> ResponseReturnValue:
    zone = shop_zone()
    try:
        quarter = read_quarter(_asked("quarter"), today=today(zone))
        form = read_csv_form(_asked("separator"), _asked("decimal"))
    except StorefrontError as refusal:
        return _page("", "", "", refusal)
    return _csv(export_oss_csv(quarter, zone, form), f"oss-{quarter}.csv")


def _csv(pieces: Iterator[str], name: str) -> Response:
    """Send while it is read; what breaks on the way breaks the transfer: nobody takes half a file for a whole."""
    answer = Response(stream_with_context(pieces), content_type="text/csv; charset=utf-8")
    return _named(answer, name)


def _xlsx(file: IO[bytes], name: str) -> Response:
    answer = Response(_blocks(file), mimetype=XLSX)
    answer.call_on_close(file.close)  # also where nothing of it is asked for
    return _named(answer, name)


def _blocks(file: IO[bytes]) -> Iterator[bytes]:
    with file:
        while block := file.read(BLOCK_BYTES):
            yield block


def _named(answer: Response, name: str) -> Response:
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer


def _page(first: str, last: str, quarter: str, refusal: StorefrontError | None = None) -> ResponseReturnValue:
    """Return the page of these days; with a refusal its forms keep what was typed."""
    zone = shop_zone()
    now = today(zone)
    span = read_days(first, last, today=now)
    chosen = read_quarter(quarter, today=now)
    page = render_template(
        "owner/accounting/page.html",
        span=span,
        zone=zone.key,
        balance=read_balance(time_of(span, zone)),
        oss=read_oss(chosen, zone) if quarter else None,
        quarter=chosen,
        formats=tuple(FileFormat),
        separators=tuple(Separator),
        decimal_signs=tuple(DecimalSign),
        typed={name: _asked(name) for name in request.args} if refusal else {},
        error=refusal.message if refusal else "",
    )
    return make_response(page, refusal.status if refusal else 200)
