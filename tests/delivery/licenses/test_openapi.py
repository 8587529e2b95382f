"""The served description is what the API does: programs made from it are not surprised."""

from collections.abc import Iterable
from typing import Any

import pytest
import schemathesis
from flask import Flask
from hypothesis import assume, given, settings
from hypothesis.strategies import booleans
from schemathesis.config import SchemathesisConfig
from schemathesis.generation import GenerationMode
from schemathesis.specs.openapi.checks import positive_data_acceptance

from storefront.delivery.licenses.api.openapi import OPERATIONS, describe
from storefront.delivery.licenses.codes import Code
from storefront.web.slow_bodies import REFUSED, TooSlow
from tests.delivery.licenses.licensed import ask, sell_license
from tests.support.any_input import examples
from tests.support.sandbox_client import SandboxClient

# A license that does not work is a 400 here, as at Lemon Squeezy: not what this check expects of data that fits.
LEFT_OUT = [positive_data_acceptance]
# Too large for a body, or for the address, is a refusal like the others.
REFUSALS = ["400", "401", "403", "404", "405", "406", "409", "413", "414", "415", "422", "428", "429", "5xx"]
CONFIG = SchemathesisConfig.from_dict({"checks": {"negative_data_rejection": {"expected-statuses": REFUSALS}}})


class ManyClients:
    """Each request from an address of its own, so that the limit of one client answers none of them."""

    def __init__(self, app: Flask) -> None:
        self.app, self.count = app, 0

    def __call__(self, environ: Any, start_response: Any) -> Iterable[bytes]:
        self.count += 1
        environ["REMOTE_ADDR"] = f"10.{self.count >> 16 & 255}.{self.count >> 8 & 255}.{self.count & 255}"
        return self.app(environ, start_response)


@pytest.mark.parametrize("mode", [GenerationMode.POSITIVE, GenerationMode.NEGATIVE], ids=["fits", "does not fit"])
@pytest.mark.parametrize("operation", OPERATIONS)
def test_answers_whatever_is_sent_as_described(
    app: Flask, sandbox: SandboxClient, operation: str, mode: GenerationMode
) -> None:
    described: Any = schemathesis.openapi.from_wsgi("/v1/openapi.json", ManyClients(app), config=CONFIG)
    cases = described[f"/v1/licenses/{operation}"]["POST"].as_strategy(generation_mode=mode)
    statuses: set[int] = set()

    @settings(examples(20), database=None)
    @given(case=cases)
    def send(case: Any) -> None:
        statuses.add(case.call_and_validate(excluded_checks=LEFT_OUT).status_code)

    send()
    assert statuses <= {400, 404, 413, 414, 415, 422}
    assert 422 in statuses


@pytest.mark.parametrize("operation", OPERATIONS)
def test_answers_a_license_that_works_as_described(app: Flask, sandbox: SandboxClient, operation: str) -> None:
    key = sell_license(app, sandbox, activation_limit=2).keys[0]
    described: Any = schemathesis.openapi.from_wsgi("/v1/openapi.json", ManyClients(app), config=CONFIG)
    cases = described[f"/v1/licenses/{operation}"]["POST"].as_strategy(generation_mode=GenerationMode.POSITIVE)
    answered: set[str] = set()

    @settings(examples(15), database=None)
    @given(case=cases, asks_for_product=booleans())
    def send(case: Any, asks_for_product: bool) -> None:
        activated: Any = ask(app, "activate", license_key=key, instance_name="A", fingerprint="a").get_json()
        assume(isinstance(case.body, dict))
        case.query.clear()
        case.body["license_key"] = key
        if not asks_for_product:
            case.body.pop("product_id", None)
        if operation == "deactivate":
            case.body["instance_id"] = activated["instance"]["id"]
        answered.add(case.call_and_validate(excluded_checks=LEFT_OUT).json()["code"])

    send()
    assert "VALID" in answered


def test_describes_every_code() -> None:
    document = describe("https://shop.example")
    for operation in document["paths"].values():
        answers = operation["post"]["responses"].values()
        codes = {
            code
            for answer in answers
            for code in answer["content"]["application/json"]["schema"]["properties"]["code"]["enum"]
        }
        assert codes == {code.value for code in Code}


@pytest.mark.parametrize("operation", OPERATIONS)
def test_describes_the_answer_to_a_body_that_comes_too_slowly(app: Flask, operation: str) -> None:
    answer = app.test_client().post(f"/v1/licenses/{operation}", environ_overrides={REFUSED: TooSlow.code})
    described = describe("http://localhost")["paths"][f"/v1/licenses/{operation}"]["post"]["responses"]
    assert str(answer.status_code) == "408"
    assert "408" in described
    assert set(described["408"]["headers"]) <= set(answer.headers.keys())
