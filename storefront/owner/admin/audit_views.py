"""The audit log: shown, searched, exported."""

from flask import Response, render_template, request, stream_with_context
from flask.typing import ResponseReturnValue

from storefront.audit.csv_export import export_audit_csv
from storefront.audit.queries import Filter, list_verbs, read_page
from storefront.core import clock
from storefront.core.runtime import settings
from storefront.owner.admin.blueprint import admin, needs
from storefront.owner.people.roles import Permission
from storefront.web.row_ids import read_row_id

LONGEST_WORDS = 200


def _filter() -> Filter:
    words = request.args.get("q", "").strip()[:LONGEST_WORDS]
    return Filter(words=words, verb=request.args.get("verb", "")[:LONGEST_WORDS])


def _older_than() -> int | None:
    return read_row_id(request.args.get("older_than", ""))


@admin.get("/audit")
@needs(Permission.PEOPLE)
def audit() -> ResponseReturnValue:
    chosen = _filter()
    older_than = _older_than()
    return render_template(
        "owner/admin/audit.html",
        page=read_page(chosen, older_than=older_than),
        chosen=chosen,
        is_first_page=older_than is None,
        verbs=list_verbs(),
    )


@admin.get("/audit.csv")
@needs(Permission.PEOPLE)
def audit_csv() -> ResponseReturnValue:
    name = f"audit-{settings().mode.value}-{clock.now():%Y-%m-%d}.csv"
    answer = Response(stream_with_context(export_audit_csv(_filter())), mimetype="text/csv")
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer
