"""What a plan waits for, what is said of what never came, and the pauses between two looks."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cycle_exec.errors import Refused
from cycle_exec.launching.pipeline import expressions
from cycle_exec.planning import build, waits
from cycle_exec.planning.model import Crypto, Inputs
from cycle_exec.planning.templates import rendering, substitution
from cycle_exec.settings.model import Address, Settings
from cycle_exec.sources.model import Snapshot


def planned(*texts: str, offline: bool = False, **variables: str):
    settings = Settings(wait=texts)
    sources = expressions(settings, ())
    prepared = rendering.prepare(sources, substitution.parsed(sources)) if sources else None
    inputs = Inputs(inherited={"PORT": "1"}, prepared=prepared, now=0.0)
    crypto = Crypto(mismatch=lambda *_: None, keystore=lambda *_: b"")
    snapshot = Snapshot(variables=variables, offline=offline)
    return build.build(settings, snapshot, inputs, crypto).waits


def test_as_they_are_written():
    """Each once, in their order."""
    found = planned("tcp://db:5432", "dns://b", "tcp://db:5432")
    assert [each.shown for each in found] == ["tcp://db:5432", "dns://b"]
    assert found[0].address == Address(scheme="tcp", host="db", port=5432)


def test_a_template_is_shown_as_it_is_written():
    """What it becomes is a value."""
    text = "tcp://{{ variables.HOST }}:{{ env.PORT }}"
    [found] = planned(text, HOST="c4n4ry.internal")
    assert found.shown == text
    assert found.address == Address(scheme="tcp", host="c4n4ry.internal", port=1)
    assert "c4n4ry" not in repr(found)


@pytest.mark.parametrize(("place", "port"), [("db:5433", 5433), ("db", 5432)])
def test_host_and_port_of_a_url(place, port):
    """As the page shows it."""
    url = "variables.URL | urlsplit"
    text = f"tcp://{{{{ {url}('hostname') }}}}:{{{{ {url}('port') | default(5432, true) }}}}"
    [found] = planned(text, URL=f"postgres://app:c4n4ry@{place}/app")
    assert found.address == Address(scheme="tcp", host="db", port=port)


@pytest.mark.parametrize("host", ["", "a b", "c4n4ry/", "c4n4ry\n", "{{ x }}"])
def test_what_becomes_no_address_is_refused(host):
    """Without a word of the value."""
    with pytest.raises(Refused) as caught:
        planned("tcp://{{ variables.HOST }}:1", HOST=host)
    [problem] = caught.value.problems
    assert problem.kind == "value-refused"
    assert problem.subject == "wait for tcp://{{ variables.HOST }}:1"
    assert problem.reason.startswith("rendered, it ")
    assert "c4n4ry" not in problem.reason


def test_all_that_is_wrong_is_said_at_once():
    """Names that are not there, and addresses that are none."""
    with pytest.raises(Refused) as caught:
        planned("dns://{{ variables.NAME }}", "{{ variables.URL }}", "dns://x", URL="amqp://x")
    assert [problem.kind for problem in caught.value.problems] == [
        "value-refused",
        "template-undefined",
    ]


@pytest.mark.parametrize("number", [1, 5])
def test_few_are_told_one_by_one(number):
    """Each with its own reason."""
    found = waits.problems({f"dns://n{place}": "unknown" for place in range(number)})
    assert [each.subject for each in found] == [f"dns://n{place}" for place in range(number)]
    assert {each.reason for each in found} == {"unknown, the deadline has passed"}
    assert {each.code for each in found} == {69}


def test_containers_need_the_platform():
    """Written as they are, or what a template becomes; all else is waited for without it, too."""
    with pytest.raises(Refused) as caught:
        planned("container://db", "container://{{ env.PORT }}", "dns://x", offline=True)
    assert [problem.kind for problem in caught.value.problems] == ["offline-refused"] * 2
    assert [each.shown for each in planned("tcp://db:1", offline=True)] == ["tcp://db:1"]


def test_the_deadline_is_told_once():
    """Where the API was asked, its own failure says so."""
    [found] = waits.problems({"container://db": "503, the deadline has passed"})
    assert found.reason == "503, the deadline has passed"


@given(
    st.dictionaries(
        st.integers(0, 99).map("dns://n{}".format),
        st.sampled_from([f"reason {number}" for number in range(9)]),
        max_size=30,
    )
)
def test_however_many_each_is_named(missing):
    """In at most as many problems as are shown."""
    found = waits.problems(missing)
    assert len(found) <= 5
    named = [name for each in found for name in each.subject.split(", ")]
    assert sorted(named) == sorted(missing)


@given(st.integers(1, 10_000), st.floats(0, 1, exclude_max=True), st.booleans())
def test_pauses_grow_and_end(looks, draw, of_platform):
    """They differ between instances, and are never long."""
    pause = waits.pause(looks, draw, of_platform=of_platform)
    assert 0.025 <= pause <= (3.0 if of_platform else 1.0)
    assert waits.pause(looks, 0.0) <= waits.pause(looks + 1, 0.0)
    assert waits.pause(1, draw) <= 0.05
