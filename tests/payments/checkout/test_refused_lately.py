"""A refusal of Stripe is remembered for five minutes, by each shop for itself."""

from datetime import timedelta

import time_machine
from flask import Flask

from storefront.core import clock
from storefront.stripe_api.refused_lately import RefusedLately

THING = RefusedLately("a thing of this test")


def test_remembers_for_five_minutes_or_until_it_is_forgotten(app: Flask) -> None:
    with app.app_context():
        assert not THING.is_remembered()
        THING.note()
        assert THING.is_remembered()
        with time_machine.travel(clock.now() + timedelta(minutes=4)):
            assert THING.is_remembered()
        with time_machine.travel(clock.now() + timedelta(minutes=6)):
            assert not THING.is_remembered()
        THING.forget()
        assert not THING.is_remembered()
