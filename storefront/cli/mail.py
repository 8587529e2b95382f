"""`storefront mail`: what happened to the emails, failed ones once more or ended, and what they say."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, BinaryIO

import click

from storefront.cli.choices import MAIL_STATES, MOST, ROW_ID
from storefront.cli.mail_texts import texts
from storefront.cli.output import as_json, print_json, print_result, to_json_value
from storefront.cli.shop import open_shop

if TYPE_CHECKING:
    from storefront.owner.mails import ListedMail


@click.group()
def mail() -> None:
    """Mails: what happened to them, failed ones once more or ended, and what they say."""


mail.add_command(texts)


@mail.command("list")
@click.option("--state", type=click.Choice(MAIL_STATES), help="Only those in this state.")
@click.option("--limit", type=click.IntRange(1, MOST), default=50, show_default=True, help="The newest so many.")
@as_json
def list_mails(state: str | None, limit: int, as_json: bool) -> None:
    """The newest mails, oldest of them first, with the mail server's answer."""
    from storefront.mail.models import MailState
    from storefront.owner import mails as outbox

    with open_shop():
        mails = outbox.list_mails(limit=limit, state=MailState(state) if state else None)
    if as_json:
        print_json([to_json_value(asdict(listed)) for listed in mails])
    elif mails:
        click.echo("\n".join(map(_line, mails)))
    else:
        click.echo("No mails." if state is None else f"No {state} mails.")


def _line(listed: "ListedMail") -> str:
    created_at = f"{listed.created_at:%Y-%m-%d %H:%M} UTC"
    order = f"order {listed.order}" if listed.order else "no order"
    error = f" - {listed.error}" if listed.error else ""  # a mail server may answer in several lines
    return f"{listed.id}  {created_at}  {listed.state}  {listed.kind}  {order}  {listed.recipient}{error}"


@mail.command()
@click.argument("mail_ids", type=ROW_ID, nargs=-1, metavar="[ID]...")
@click.option("--failed", is_flag=True, help="All that failed, but to addresses that bounced or refused.")
def retry(mail_ids: Sequence[int], failed: bool) -> None:
    """Put failed mails back into the queue. Each is written anew, so that it tells what is true now."""
    _only_one_way(mail_ids, failed)
    from storefront.mail.retry import Retried, retry_all_failed, retry_mails

    with open_shop():
        done = retry_all_failed() if failed else Retried(queued=retry_mails(mail_ids), left_out=0)
    click.echo(f"{_mails_are(done.queued)} in the queue again.")
    if done.left_out:
        click.echo(
            f"{_mails_are(done.left_out)} left out, because the address bounced or refused: name one by its ID to "
            "try it again, or end them by `storefront mail cancel`."
        )


@mail.command()
@click.argument("mail_ids", type=ROW_ID, nargs=-1, metavar="[ID]...")
@click.option("--failed", is_flag=True, help="All that failed.")
@as_json
def cancel(mail_ids: Sequence[int], failed: bool, as_json: bool) -> None:
    """End failed mails: they are not sent, and nothing warns of them any more."""
    _only_one_way(mail_ids, failed)
    from storefront.mail.retry import cancel_all_failed, cancel_mails

    with open_shop():
        count = cancel_all_failed() if failed else cancel_mails(mail_ids)
    print_result({"canceled": count}, [f"{_mails_are(count)} canceled."], as_json=as_json)


def _only_one_way(mail_ids: Sequence[int], failed: bool) -> None:
    if bool(mail_ids) == failed:
        raise click.UsageError("Name the mails by their ID, or all that failed by --failed.")


def _mails_are(count: int) -> str:
    return "1 mail is" if count == 1 else f"{count} mails are"


@mail.command()
@click.argument("file", type=click.File("rb"), default="-")
@as_json
def bounce(file: BinaryIO, as_json: bool) -> None:
    """Read one delivery report from standard input, or a FILE, and mark the email that came back as failed.

    For the pipe of a mail server, at the address in MAIL_FROM.
    """
    from storefront.mail.bounces import MOST_BYTES, Verdict, note_bounce

    raw = file.read(MOST_BYTES + 1)
    with open_shop():
        noted = note_bounce(raw)
    words = {
        Verdict.BOUNCED: "bounced, and counts as failed",
        Verdict.ALREADY: "had failed already",
        Verdict.CANCELED: "was canceled, and stays so",
        Verdict.DELAYED: "is delayed; its server tries on",
        Verdict.ARRIVED: "has arrived, or was passed on: nothing is changed",
    }
    print_result(to_json_value(asdict(noted)), [f"Mail {noted.mail_id} {words[noted.verdict]}."], as_json=as_json)
