"""The REST door held against its own description by schemathesis, which asks all that it allows and what it forbids."""

import logging
import os
from collections import Counter
from collections.abc import Iterator
from datetime import date
from http import HTTPStatus
from typing import Any

import pytest
import schemathesis
from django.core.handlers.wsgi import WSGIHandler
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis.generation import GenerationMode
from schemathesis.generation.stateful import run_state_machine_as_test
from schemathesis.specs.openapi.checks import positive_data_acceptance

from salus.eligibility.rest.description import PREFIX
from salus.kernel.clock import now
from tests import eligibility
from tests.eligibility import token
from tests.links import registered

pytestmark = [pytest.mark.conformance, pytest.mark.usefixtures("database")]

# That a day lies in the past, or that we signed a proof, no schema can say.
EXCLUDED = [positive_data_acceptance]
IS_LONG = "SALUS_PROVE" in os.environ
FEW = settings(
    max_examples=1_000 if IS_LONG else 6,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
    derandomize=not IS_LONG,
    database=None,
)


@pytest.fixture
def headers() -> Iterator[dict[str, str]]:
    """Of a caller whom no quota stops."""
    eligibility.register_heard(now())
    eligibility.affiliate(registered(serial=802), date(2000, 1, 1))
    caller = eligibility.caller(per_minute=10**8, per_day=10**8)
    logging.disable(logging.CRITICAL)  # of thousands of refusals
    yield {"Authorization": f"Bearer {token(caller)}", "Host": "localhost"}
    logging.disable(logging.NOTSET)


@pytest.fixture
def described() -> Any:
    return schemathesis.openapi.from_wsgi(
        f"/{PREFIX}openapi.json", WSGIHandler(), headers={"Host": "localhost"}
    )


@pytest.mark.parametrize("mode", list(GenerationMode))
def test_what_is_described_is_what_is_answered(
    described: Any, headers: dict[str, str], mode: GenerationMode
) -> None:
    operations = [operation.ok() for operation in described.get_all_operations()]
    assert len(operations) == 9
    for operation in operations:
        if mode is GenerationMode.NEGATIVE and operation.method == "get":
            continue  # nothing is sent that could be wrong

        @given(case=operation.as_strategy(generation_mode=mode))
        @FEW
        def hold(case: Any) -> None:
            case.call_and_validate(headers=headers, excluded_checks=EXCLUDED)

        hold()


def test_what_an_answer_leads_on_to_is_there(described: Any, headers: dict[str, str]) -> None:
    reached: Counter[str] = Counter()

    class Walk(described.as_state_machine()):  # type: ignore[misc]  # made at run time
        def get_call_kwargs(self, case: Any) -> dict[str, Any]:
            return {"headers": headers}

        def validate_response(self, response: Any, case: Any, **more: Any) -> None:
            reached[case.operation.label] += response.status_code == HTTPStatus.OK
            case.validate_response(response, excluded_checks=EXCLUDED)

    run_state_machine_as_test(
        Walk, settings=settings(FEW, max_examples=200 if IS_LONG else 5, stateful_step_count=8)
    )
    assert reached[f"GET /{PREFIX}reasons/{{code}}"] and reached[f"POST /{PREFIX}affiliation"]
