"""Schemathesis over the emulator: whatever the official document allows, and what it does not,
is answered as the document says, and never with a 500.
"""

from __future__ import annotations

import json
from functools import cache
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cycle_exec.client.transport import Unix
from cycle_exec.sources.operations import OPERATIONS
from cycle_exec.testing import platform
from tests.emulator.test_routes import FULL, TOKEN
from tests.support import spec

# Cannot be sent at all, so nobody can ask it.
_UNSENDABLE = (httpx.InvalidURL, UnicodeEncodeError)


@pytest.fixture(scope="module")
def served():
    with platform(FULL) as found, httpx.Client(transport=Unix(found.socket)) as client:
        yield client


@cache
def cases(name: str) -> st.SearchStrategy[Any]:
    """Requests of an operation: good ones, and such as are wrong in some way."""
    import schemathesis

    schema = schemathesis.openapi.from_dict(spec.document())
    row = OPERATIONS[name]
    operation = schema[row.path][row.method]
    modes = schemathesis.GenerationMode
    found = operation.as_strategy(generation_mode=modes.POSITIVE)
    if row.query or row.method == "POST":
        found |= operation.as_strategy(generation_mode=modes.NEGATIVE)
    return found


@pytest.mark.timeout(120)
@pytest.mark.parametrize("name", sorted(OPERATIONS))
def test_no_500_and_no_answer_that_the_document_does_not_know(served, name):
    """A real server on a real socket."""
    row = OPERATIONS[name]
    seen = []

    @settings(
        max_examples=30, deadline=None, suppress_health_check=list(HealthCheck), database=None
    )
    @given(cases(name))
    def ask(case):
        body = case.body if isinstance(case.body, dict | list | str | int | float) else None
        query = {key: str(value) for key, value in dict(case.query or {}).items()}
        try:
            content = None if body is None else json.dumps(body).encode()
            request = served.build_request(
                row.method,
                f"http://any{row.path}",
                params=query,
                content=content,
                headers={"X-CYCLE-TOKEN": TOKEN, "Authorization": "Basic YTpi"},
            )
        except _UNSENDABLE:
            return
        answer = served.send(request)
        seen.append(answer.status_code)
        assert answer.status_code < 500, answer.text
        assert spec.faults_of(name, answer.status_code, answer.json()) == []

    ask()
    assert seen
