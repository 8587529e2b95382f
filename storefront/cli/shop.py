"""The one way for a command to open the shop. Commands import this at their top: it loads nothing of the shop."""

from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def open_shop(*, says_try_again: bool = True) -> Iterator[None]:
    """Run a command that a person waits for. A refusal ends it with its sentence.

    With `says_try_again=False` a Stripe that does not answer is told without the advice to repeat the command.
    """
    from storefront.audit.actor import act_as
    from storefront.cli.make_app import asking_for_upgrade, command_actor, in_sentences, make_command_app

    with make_command_app().app_context(), in_sentences(says_try_again=says_try_again), asking_for_upgrade():
        act_as(command_actor())
        yield
