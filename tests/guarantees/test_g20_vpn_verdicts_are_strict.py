"""G20: only 200 with `true` accepts a login; every doubt rejects, in time, without a word of it."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.commands.test_vpn_auth import LOGIN, PASSWORD, hook
from tests.support.hostile import chunked, data, endless_body, endless_headers, hostile, reply


@pytest.fixture
def api():
    """A platform."""
    with hostile() as platform:
        yield platform


@pytest.fixture
def place(tmp_path, api) -> Path:
    """OpenVPN's folder."""
    (tmp_path / "token").write_text(api.token)
    (tmp_path / "up").write_text(f"alice\n{PASSWORD}\n")
    for name in ("control", "reason"):
        (tmp_path / name).write_bytes(b"")
    folder: Path = tmp_path
    return folder


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    status=st.sampled_from([200, 200, 200, 201, 204, 206, 301, 400, 403, 404]),
    value=st.one_of(
        st.booleans(),
        st.sampled_from([1, 0, "true", "", None, [True], {"data": True}, {}]),
        st.text(max_size=5),
    ),
    extra=st.sampled_from([{}, {"error": {"status": 403}}]),
)
def test_any_answer(api, place, status, value, extra):
    """Accepted if and only if it is the one answer that accepts."""
    api.on(LOGIN, reply(status, {"data": value, **extra}))
    accepts = status == 200 and value is True and not extra
    assert (hook(place, api, "--timeout", "60s", str(place / "up")).code == 0) == accepts


@pytest.mark.parametrize(
    "behaviour", [endless_body(), endless_headers(), chunked({"data": True}, end=False)]
)
def test_answers_without_end(api, place, behaviour):
    """Rejected within the time."""
    api.on(LOGIN, behaviour)
    ran = hook(place, api, "--timeout", "500ms", str(place / "up"))
    assert ran.code == 1
    assert ran.seconds < 2


def test_one_more_byte_is_one_too_many(api, place):
    """A true that goes on is none."""
    api.on(LOGIN, reply(200, b'{"data": true} x'))
    assert hook(place, api, "--timeout", "60s", str(place / "up")).code == 1
    api.on(LOGIN, data(True))
    assert hook(place, api, str(place / "up")).code == 0
