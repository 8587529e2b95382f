"""`storefront disputes`: what speaks for the shop, a draft of the answer, and sending it."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

import click

from storefront.cli.choices import EVIDENCE_FILES, ROW_ID
from storefront.cli.output import as_json, print_result, to_json_value
from storefront.cli.shop import open_shop

if TYPE_CHECKING:
    from storefront.owner.disputes.answer import Answer


@click.group()
def disputes() -> None:
    """Answer a dispute. ID is Stripe's (dp_… or du_…): `storefront orders show` lists those of an order."""


@disputes.command()
@click.argument("dispute_id", metavar="ID")
@as_json
def show(dispute_id: str, as_json: bool) -> None:
    """The draft of an answer, what was sent, or what the shop knows: `fields` of --json is what `draft` reads."""
    from storefront.owner.disputes.answer import read_answer
    from storefront.owner.disputes.evidence import LABELS

    with open_shop(says_try_again=False):
        answer = read_answer(dispute_id)
    lines = [_state_line(answer)]
    for name, text in answer.fields.items():
        lines += [f"{LABELS[name]} ({name}):", *(f"  {line}" for line in text.splitlines())] if text else []
    lines += [f"File ({file.kind}): {file.filename}, {file.size_bytes} bytes" for file in answer.files]
    print_result(to_json_value(asdict(answer)), lines, as_json=as_json)


def _state_line(answer: "Answer") -> str:
    until = f", answer until {answer.respond_by:%Y-%m-%d %H:%M} UTC" if answer.respond_by else ""
    state = "sent" if answer.submitted_at else "draft" if answer.version else "collected"
    return f"Order {answer.order_number}: {answer.status}{until}; {state}, version {answer.version}"


@disputes.command()
@click.argument("dispute_id", metavar="ID")
@click.argument("file", type=click.File("rb"))
@as_json
def draft(dispute_id: str, file: BinaryIO, as_json: bool) -> None:
    """Save a draft: JSON with a text for each field. Stripe does not see it."""
    from storefront.owner.disputes.answer import save_draft

    try:
        fields = json.loads(file.read())  # in whatever encoding its mark says
    except ValueError as error:
        raise click.UsageError(f"FILE is not JSON: {error}") from error
    if not isinstance(fields, dict) or not all(isinstance(text, str) for text in fields.values()):
        raise click.UsageError("FILE must be a JSON object whose values are texts.")
    with open_shop():
        version = save_draft(dispute_id, fields)
    line = f"Saved as version {version}. `storefront disputes submit {dispute_id} --version {version}` sends it."
    print_result({"dispute": dispute_id, "version": version}, [line], as_json=as_json)


@disputes.command()
@click.argument("dispute_id", metavar="ID")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--as", "kind", type=click.Choice(EVIDENCE_FILES), required=True, help="What the file shows.")
@as_json
def attach(dispute_id: str, file: Path, kind: str, *, as_json: bool) -> None:
    """Add a file to the draft: PDF, PNG or JPEG, 4.5 MB all together. The bank sees nothing yet."""
    from storefront.owner.disputes.files import MOST_BYTES, attach_file

    with file.open("rb") as opened:
        content = opened.read(MOST_BYTES + 1)
    with open_shop():
        version = attach_file(dispute_id, content, file.name, kind)
    line = f"Added as {kind}. `storefront disputes submit {dispute_id} --version {version}` sends the answer."
    print_result({"dispute": dispute_id, "kind": kind, "version": version}, [line], as_json=as_json)


@disputes.command()
@click.argument("dispute_id", metavar="ID")
@click.option("--version", type=ROW_ID, required=True, help="Of the draft that you looked at.")
@as_json
def submit(dispute_id: str, version: int, as_json: bool) -> None:
    """Send the draft to the bank, once and for good."""
    from storefront.owner.disputes.answer import submit_answer

    with open_shop():
        answer = submit_answer(dispute_id, version=version)
    line = f"Sent. The dispute is {answer.status.replace('_', ' ')} now."
    print_result(to_json_value(asdict(answer)), [line], as_json=as_json)
