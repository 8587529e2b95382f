"""Files as evidence: uploaded, read, named by a dispute; what Stripe refuses is refused."""

import io
from typing import Any

import pytest
import stripe

from tests.devtools.sandbox.calls import Calls
from tests.devtools.sandbox.node_types import find_compiler, problems_of
from tests.devtools.sandbox.shapes import Checker

PDF, PNG, JPEG = b"%PDF-1.7\n", b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff\xe0"


def upload(sandbox: Calls, content: bytes = PDF, key: str = "", **more: Any) -> Any:
    params: Any = {"file": io.BytesIO(content), "purpose": "dispute_evidence", **more}
    options: Any = {"idempotency_key": key} if key else {}
    return sandbox.v1.files.create(params, options)


def make_dispute(sandbox: Calls) -> str:
    paid = sandbox.pay(sandbox.make_session().id)
    charge = sandbox.v1.payment_intents.retrieve(paid.json["payment_intent"]["id"]).latest_charge
    return str(sandbox.control(f"charges/{charge}/dispute")["id"])


def test_takes_files_of_three_kinds(sandbox: Calls, tmp_path: Any) -> None:
    made = [upload(sandbox, content) for content in (PDF, PNG, JPEG)]
    assert [file.type for file in made] == ["pdf", "png", "jpg"]
    assert (made[0].size, made[0].filename) == (len(PDF), "blob")
    listed = sandbox.get("/v1/files", "purpose=dispute_evidence")
    assert [file["id"] for file in listed["data"]] == [file.id for file in reversed(made)]
    checker = Checker()
    checker.check(listed)
    assert checker.problems == []
    compiler = find_compiler()
    assert compiler is None or problems_of(compiler, tmp_path, listed["data"]) == ""
    assert sandbox.get(f"/v1/files/{made[1].id}")["type"] == "png"


def test_makes_one_file_of_a_call_that_comes_twice(sandbox: Calls) -> None:
    assert upload(sandbox, key="once").id == upload(sandbox, key="once").id
    with pytest.raises(stripe.IdempotencyError):
        upload(sandbox, PNG, key="once")


def test_refuses_other_kinds_sizes_and_ways(sandbox: Calls) -> None:
    for content, words in ((b"GIF89a", "PDF, PNG or JPEG"), (PDF + bytes(5 * 1024 * 1024), "at most 5 MB")):
        with pytest.raises(stripe.InvalidRequestError, match=words):
            upload(sandbox, content)
    with pytest.raises(stripe.InvalidRequestError, match="purpose"):
        upload(sandbox, purpose="business_logo")
    assert (
        "multipart"
        in sandbox.call("POST", "/v1/files", "purpose=dispute_evidence&file=x").json["error"]["message"]
    )
    assert sandbox.get("/v1/files")["data"] == []


def test_names_files_in_the_evidence(sandbox: Calls) -> None:
    dispute, file = make_dispute(sandbox), upload(sandbox)
    staged = sandbox.v1.disputes.update(dispute, {"evidence": {"receipt": file.id}, "submit": False})
    assert (staged.evidence.receipt, staged.status) == (file.id, "needs_response")
    shown = sandbox.get(f"/v1/disputes/{dispute}", "expand[]=evidence.receipt")
    assert shown["evidence"]["receipt"]["id"] == file.id
    with pytest.raises(stripe.InvalidRequestError, match="No such file: 'file_none'"):
        sandbox.v1.disputes.update(dispute, {"evidence": {"uncategorized_file": "file_none"}})
    large = upload(sandbox, PDF + bytes(4_499_990))
    with pytest.raises(stripe.InvalidRequestError, match=r"4\.5 MB together"):
        sandbox.v1.disputes.update(dispute, {"evidence": {"uncategorized_file": large.id}})
    sent = sandbox.v1.disputes.update(dispute, {"submit": True})
    assert (sent.evidence.receipt, sent.evidence.uncategorized_file) == (file.id, None)
