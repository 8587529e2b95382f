"""`storefront owner`: who may come in at /admin."""

from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from storefront.cli.choices import ROLES
from storefront.cli.output import as_json, print_result, to_json_value
from storefront.cli.shop import open_shop

if TYPE_CHECKING:
    from storefront.owner.people.people import ListedPerson, SignedOut

_NEVER_CAME = "They never came: `storefront owner invite` makes a new invitation."


@click.group()
def owner() -> None:
    """Who may come in at /admin, and the ways back in."""


@owner.command()
@click.argument("email")
@click.option("--role", type=click.Choice(ROLES), default="owner", show_default=True, help="What they may do.")
@as_json
def invite(email: str, role: str, as_json: bool) -> None:
    """Invite somebody: a link is mailed, and printed here."""
    from storefront.core.runtime import absolute_url
    from storefront.owner.people.models import Role
    from storefront.owner.people.passkeys import with_a_name
    from storefront.owner.people.people import invite as invite_person

    with open_shop():
        invited = invite_person(email, Role(role))
        url = with_a_name(absolute_url("admin.open_link", token=invited.link))
    value = {"email": invited.email, "role": invited.role.value, "url": url}
    lines = [f"{invited.email} is invited as {invited.role.value}. The link works once, for 7 days:", url]
    print_result(value, lines, as_json=as_json)


@owner.command("link")
@click.argument("email", required=False)
@as_json
def make_link(email: str | None, as_json: bool) -> None:
    """A link that signs in once, for when email or the passkey is not to be had. EMAIL may be left out."""
    from storefront.core.runtime import absolute_url
    from storefront.owner.people.links import AT_THE_MACHINE, make_link
    from storefront.owner.people.passkeys import with_a_name
    from storefront.owner.people.people import get_person_or_only

    with open_shop():
        person = get_person_or_only(email)
        address, has_come = person.email, person.came_at is not None
        url = with_a_name(absolute_url("admin.open_link", token=make_link(person.id)))
    minutes = int(AT_THE_MACHINE.total_seconds()) // 60
    value = {"email": address, "url": url, "minutes": minutes}
    lines = [f"Signs in as {address}, once, within {minutes} minutes. Give it to nobody:", url]
    if not has_come:
        lines.append(
            "They never came. Once this link and any invitation of theirs are over, a code by email is refused."
        )
    print_result(value, lines, as_json=as_json)


@owner.command("list")
@as_json
def list_owners(as_json: bool) -> None:
    """Who may come in, with their roles."""
    from storefront.owner.people.people import list_people

    with open_shop():
        people = list_people()
    lines = [
        f"{person.email}  {person.role.value}  {_since(person)}  {person.passkeys} passkeys" for person in people
    ]
    print_result(
        [to_json_value(asdict(person)) for person in people],
        lines,
        as_json=as_json,
        if_none="Nobody yet: storefront owner invite EMAIL",
    )


def _since(person: "ListedPerson") -> str:
    if person.came_at is not None:
        return f"{person.came_at:%Y-%m-%d}"
    return "invitation expired" if person.is_expired else "invited"


@owner.command("role")
@click.argument("email")
@click.argument("role", type=click.Choice(ROLES))
@as_json
def change_role(email: str, role: str, as_json: bool) -> None:
    """Give somebody another role."""
    from storefront.owner.people.models import Role
    from storefront.owner.people.people import change_role, get_person

    with open_shop():
        person = get_person(email)
        address = person.email
        change_role(person.id, Role(role))
    print_result({"email": address, "role": role}, [f"{address} is {role} now."], as_json=as_json)


@owner.command()
@click.argument("email")
@as_json
def remove(email: str, as_json: bool) -> None:
    """Let somebody in no more; their sessions end."""
    from storefront.owner.people.people import get_person
    from storefront.owner.people.people import remove as remove_person

    with open_shop():
        address = remove_person(get_person(email).id)
    print_result({"email": address}, [f"{address} can't come in any more."], as_json=as_json)


@owner.command("sign-out")
@click.argument("email")
@as_json
def sign_out(email: str, as_json: bool) -> None:
    """End every browser of somebody, as for a lost laptop, and open links and codes. They may sign in again."""
    from storefront.owner.people.people import get_person
    from storefront.owner.people.people import sign_out as sign_out_person

    with open_shop():
        done = sign_out_person(get_person(email).id)
    value = {"email": done.email, "sessions": done.sessions}
    print_result(value, [_say_signed_out(done)], as_json=as_json)


def _say_signed_out(done: "SignedOut") -> str:
    words = "1 browser" if done.sessions == 1 else f"{done.sessions} browsers"
    ended = " An open link or code has ended." if done.had_way_in else ""
    again = f" {_NEVER_CAME}" if done.needs_invitation else ""
    return f"{words} of {done.email} signed out.{ended}{again}"


@owner.command("forget-passkeys")
@click.argument("email")
@as_json
def forget_passkeys(email: str, as_json: bool) -> None:
    """Remove all passkeys of somebody who lost them, and end their sessions. Codes by email work again.

    For who never came in they don't: their invitation ends.
    """
    from storefront.owner.people.invitations import has_expired
    from storefront.owner.people.passkeys import remove_all
    from storefront.owner.people.people import get_person

    with open_shop():
        person = get_person(email)
        address, person_id = person.email, person.id
        count = remove_all(person_id)
        again = _NEVER_CAME if has_expired(person_id) else f"{address} signs in with a code again."
    value = {"email": address, "passkeys": count}
    removed = "1 passkey removed" if count == 1 else f"{count} passkeys removed"
    print_result(value, [f"{removed}. {again}"], as_json=as_json)
