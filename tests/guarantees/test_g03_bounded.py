"""G3: one deadline for connecting, every byte, all retries, rendering and checks: a run ends
within the deadline and one second, whatever the API or a template does."""

from __future__ import annotations

import pytest

from tests.support.hostile import (
    ANY,
    CERTIFICATES,
    HUB,
    VARIABLES,
    after,
    chunked,
    data,
    deaf,
    drip,
    drop,
    endless,
    endless_body,
    endless_chunks,
    endless_headers,
    endless_information,
    error,
    hang,
    hostile,
    huge_length,
    reset,
    then_hang,
)
from tests.support.launching import Ground

DEADLINE = 0.6
# For what comes after the fetch.
LONGER = 3.0
GOOD = data({"PLAIN": "c4n4ry"})
TINY = b"2\r\nxx\r\n"

# Each goes on for ever, below every limit of size.
FAULTS = {
    "hang": hang,
    "a byte a second": drip(GOOD),
    "a byte now and then": drip(GOOD, every=0.05),
    "half an answer": then_hang(GOOD[: len(GOOD) // 2]),
    "all but the last byte": then_hang(GOOD[:-1]),
    "half a status line": then_hang(b"HTTP/1."),
    "chunks for ever": endless_chunks(size=100, every=0.01),
    "tiny chunks at full speed": endless(chunked(b'{"data": "', end=False), TINY * 5000),
    "an endless chunk": endless(chunked(b"", end=False) + b"ffffff\r\n", b"x", every=0.01),
    "endless trailers": endless(chunked(b"{}")[:-2], b"X: y\r\n", every=0.01),
    "endless headers": endless_headers(every=0.05),
    "an endless header": endless(b"HTTP/1.1 200 OK\r\nX: ", b"x", every=0.01),
    "continue for ever": endless_information(every=0.01),
    "a body without an end": endless_body(every=0.05),
    "a long body that does not come": huge_length(1_000_000),
    "drops": drop,
    "an hour of 503": error(503),
    "503 with a short retry-after": error(503, headers={"Retry-After": 0}),
    "429 after a while": after(0.2, error(429)),
}


@pytest.fixture
def ground(tmp_path):
    made = Ground(tmp_path)
    made.target("page.html")
    made.template("{{ variables.PLAIN }} {{ hub.id }}")
    return made


@pytest.fixture
def api():
    with hostile() as running:
        yield running


def launched(ground, api, *options, deadline=DEADLINE, **more):
    job = (
        *("--template", f"{ground.inputs}/page.j2:{ground.folder}/page.html"),
        *("--certificates", ground.folder / "pem"),
        *("--deadline", f"{round(deadline * 1000)}ms"),
    )
    return ground.launch(api, *job, *options, **more)


@pytest.mark.parametrize("timeout", ["200ms", "1h"])
@pytest.mark.parametrize("fault", FAULTS)
def test_an_api_without_end_does_not_keep_the_launch(ground, api, fault, timeout):
    """Refused as unavailable, in time, whether one try or many fit into the deadline."""
    api.on(VARIABLES, FAULTS[fault])
    ran = launched(ground, api, "--timeout", timeout)
    ground.refused(ran, 69, "unavailable", "scoped variables")
    assert ran.seconds < DEADLINE + 1


@pytest.mark.parametrize("fault", [deaf, reset, drop, b"HTTP/1.1 200 OK\r\n"])
def test_a_connection_that_brings_nothing_does_not_keep_it(ground, api, fault):
    """Taken and never read, reset, closed: on every connection."""
    api.on_accept(fault)
    ran = launched(ground, api)
    ground.refused(ran, 69, "unavailable")
    assert ran.seconds < DEADLINE + 1


@pytest.mark.parametrize("backlog", [0, 128])
def test_an_api_that_never_accepts_does_not_keep_it(ground, backlog):
    """The connection waits in the queue, or finds the queue full."""
    with hostile(accepting=False, backlog=backlog) as api:
        ran = launched(ground, api)
        ground.refused(ran, 69, "unavailable")
        assert ran.seconds < DEADLINE + 1


@pytest.mark.parametrize("path", [CERTIFICATES, HUB])
def test_any_one_request_can_be_the_one_that_hangs(ground, api, path):
    """What a template alone asks for, too."""
    api.on(path, hang)
    ran = launched(ground, api)
    ground.refused(ran, 69, "unavailable", "no complete response in time")
    assert ran.seconds < DEADLINE + 1


def test_everything_at_once_hangs(ground, api):
    """A hundred requests that hang, more than there are connections at once."""
    api.on(ANY, hang)
    more = [word for number in range(100) for word in ("--integration", f"i{number}")]
    ran = launched(ground, api, *more)
    ground.unharmed(ran)
    assert (ran.code, set(ran.kinds)) == (69, {"unavailable"})
    assert ran.seconds < DEADLINE + 1


def test_a_refusal_does_not_wait_for_those_that_hang(ground, api):
    """Once it cannot succeed, the others get half a second to say what is wrong with them."""
    api.on(HUB, hang)
    api.on(VARIABLES, error(404))
    ran = launched(ground, api, "--deadline", "20s")
    ground.refused(ran, 65, "answer-refused", "scoped variables")
    assert ran.seconds < 2.0


LOOPS = {
    "nested": "{% for a in range(99999) %}{% for b in range(99999) %}"
    "{% if b == a %}{{ a * b }}{% endif %}{% endfor %}{% endfor %}",
    "silent": "{% for a in range(99999) %}{% for b in range(99999) %}{% endfor %}{% endfor %}",
    "of macros": "{% macro m() %}{% for a in range(99999) %}{% for b in range(99999) %}"
    "{% if a == b + 1 %}x{% endif %}{% endfor %}{% endfor %}{% endmacro %}{{ m() }}",
    "in an undefined name's default": "{% for a in range(99999) %}{% for b in range(99999) %}"
    "{{ nothing | default('') }}{% endfor %}{% endfor %}",
}


@pytest.mark.parametrize("loop", LOOPS)
def test_a_template_without_end_does_not_keep_it(ground, api, loop):
    """Rendering is under the deadline, too, whatever the template is doing at that moment."""
    ground.template(LOOPS[loop])
    ran = launched(ground, api, deadline=LONGER)
    ground.refused(ran, 69, "unavailable", "before the deadline")
    assert ran.seconds < LONGER + 1


def test_an_expression_without_end_does_not_keep_it(ground, api):
    """environment.set is rendered, too."""
    text = f'[environment]\nset = {{ X = "{LOOPS["silent"]}" }}\n'
    ran = launched(ground, api, "--manifest", ground.manifest(text), deadline=LONGER)
    ground.refused(ran, 69, "unavailable")
    assert ran.seconds < LONGER + 1


@pytest.mark.parametrize("check", ["exec sleep 60", "trap '' TERM INT HUP; while :; do :; done"])
def test_a_check_without_end_does_not_keep_it(ground, api, check):
    """Also one that does not want to be stopped."""
    text = ground.manifest(
        '[[templates]]\nsource = "~/page.j2"\ntarget = "@/checked"\n'
        f'check = ["sh", "-c", "cat {{{{ staged }}}} >/dev/null; {check}"]\n'
    )
    ran = launched(ground, api, "--manifest", text, deadline=LONGER)
    ground.refused(ran, 65, "check-failed", "did not finish before the deadline", staged=True)
    assert ran.seconds < LONGER + 1


@pytest.mark.parametrize("command", ["exec sleep 60", "trap '' TERM; while :; do :; done", "yes"])
def test_a_command_before_the_app_does_not_keep_it(ground, api, command):
    """Its timeout is added to the deadline, and for one that ignores TERM its grace."""
    text = ground.manifest(
        f'[[before]]\ncommand = ["sh", "-c", "{command}"]\ntimeout = "500ms"\n'
        '[process]\ngrace = "500ms"\ninit = true\n'
    )
    ran = launched(ground, api, "--manifest", text, deadline=LONGER)
    assert (ran.code, ran.kinds, ground.starts) == (65, ["before-failed"], 0), ran.err[-500:]
    assert ran.seconds < LONGER + 0.5 + 0.5 + 1


def test_a_metadata_file_that_never_appears_does_not_keep_it(ground, api):
    """The platform writes it at some time; without it the wait ends with the deadline."""
    ground.template("{{ metadata }}")
    ran = launched(ground, api, "--metadata", ground.inputs / "none.json", deadline=LONGER)
    ground.refused(ran, 69, "unavailable", "none.json")
    assert ran.seconds < LONGER + 1
