"""The OpenAPI document against the running server: fuzzed from it, every answer is one that it describes."""

from __future__ import annotations

import json
from typing import Any

import hypothesis
import pytest
import schemathesis
from hypothesis import strategies as st
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    ignored_auth,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
    unsupported_method,
)

from pipelines import wire
from pipelines.serving import forms
from tests.pipelines.serving.served import TOKEN, Served, tryon

HEADERS = {"Authorization": f"Bearer {TOKEN}"}
CHECKS = [
    schemathesis.checks.not_a_server_error,
    content_type_conformance,
    ignored_auth,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
    unsupported_method,
]


@pytest.fixture(scope="module")
def render(served: Served) -> str:
    """A render that is done."""
    render_id: str = served.post(tryon(seed=41)).json["id"]
    served.wait_for(render_id, "done")
    return render_id


def test_whatever_is_asked_is_answered_as_the_document_says(served: Served, render: str) -> None:
    document = schemathesis.openapi.from_url(f"{served.address}/openapi.json")
    operations = [found.ok() for found in document.get_all_operations()]
    assert len(operations) == 11
    for operation in operations:
        ask(operation, render)


def ask(operation: schemathesis.APIOperation, render: str) -> None:
    """An operation in many ways, right and wrong; every other id is of a render that there is."""

    @hypothesis.settings(max_examples=25, suppress_health_check=list(hypothesis.HealthCheck))
    @hypothesis.given(
        case=operation.as_strategy(generation_mode=schemathesis.GenerationMode.NEGATIVE) | operation.as_strategy(),
        there=st.booleans(),
    )
    def asked(case: schemathesis.Case, there: bool) -> None:
        if there and case.method != "DELETE" and "render_id" in case.path_parameters:
            case.path_parameters["render_id"] = render
        case.call_and_validate(headers=HEADERS, checks=CHECKS)

    asked()


GOOD, FILES = wire.pack(tryon(seed=42))
NAMES = [*GOOD, *GOOD["settings"], *GOOD["wear"], "items", "views", "at"]
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=8)
    | st.sampled_from(list(FILES)),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(NAMES), inner, max_size=3),
    max_leaves=6,
)  # fmt: skip


@hypothesis.settings(max_examples=100)
@hypothesis.given(name=st.sampled_from(NAMES), value=VALUES, damage=st.none() | st.integers(0, 400))
def test_a_request_gone_wrong_is_taken_or_refused_and_never_breaks_the_server(
    served: Served, name: str, value: Any, damage: int | None
) -> None:
    files = {
        file: data if damage is None else data[:damage] + b"\x00" + data[damage + 1 :] for file, data in FILES.items()
    }
    body, kind = wire.body_of(GOOD | {name: value}, files)
    answer = served.ask("POST", "/v1/renders", body, {"Content-Type": kind})
    assert answer.status in (202, 422, 429), answer.body
    if answer.status == 202:
        served.wait_for(answer.json["id"], "done", "failed")


def test_the_document_has_every_field_of_a_request(served: Served) -> None:
    schemas = served.ask("GET", "/openapi.json", token="").json["components"]["schemas"]
    for document, kind in ((GOOD, "TryOnRequest"), (GOOD["settings"], "RenderSettings"), (GOOD["wear"], "WearStyle")):
        assert set(schemas[kind]["properties"]) == set(document)
    assert schemas["RenderSettings"]["properties"]["quality"]["enum"] == ["best", "fast"]
    assert {"RoomRequest", "Standing", "Furniture", "ItemView", "CameraFacts", "Problem", "Status"} <= set(schemas)


def test_the_examples_of_the_document_are_requests(served: Served) -> None:
    post = served.ask("GET", "/openapi.json", token="").json["paths"]["/v1/renders"]["post"]
    examples = post["requestBody"]["content"]["multipart/form-data"]["examples"]
    tasks = {name: forms.task_of(json.dumps(one["value"]["request"]).encode()) for name, one in examples.items()}
    assert tasks == {"tryon": "tryon", "room": "room"}
