"""Whether another container is there, by the documents of the platform."""

from __future__ import annotations

import pytest

from cycle_exec.sources.containers import lacking

CHECK = {"deploy": {"readiness_check": {"command": "x", "interval": "1s", "timeout": "1s"}}}


def container(identifier="db", number="1", **more):
    return {"id": number, "identifier": identifier, "state": {"current": "running"}, **more}


def instance(current="running", number="1", ready="absent", healthy="absent"):
    state = {"current": current}
    if ready != "absent":
        state["readiness"] = {"ready": ready, "updated": "x"}
    if healthy != "absent":
        state["health"] = {"healthy": healthy, "updated": "x"}
    return {"container_id": number, "state": state}


def judged(found, wanted=1, **more):
    return lacking("db", wanted, [container(**more)], found)


@pytest.mark.parametrize(
    "instances",
    [
        [instance()],
        [instance(ready=None)],
        [instance(healthy=None)],
        [instance(ready=True, healthy=True)],
        [instance("failed"), instance()],
        [{**instance(), "state": {"current": "running", "readiness": None, "health": None}}],
    ],
)
def test_one_that_runs_is_enough(instances):
    """Without a readiness check there is nothing else to wait for."""
    assert judged(instances) == ""


@pytest.mark.parametrize(
    ("instances", "reason"),
    [
        ([], "no instance is running and ready"),
        ([instance("starting")], "no instance is running and ready, 1 starting"),
        ([instance("migrating")], "no instance is running and ready, 1 migrating"),
        ([instance(number="2")], "no instance is running and ready"),
        ([instance(ready=False)], "no instance is running and ready, 1 running, but not ready"),
        ([instance(healthy=False)], "no instance is running and ready, 1 running, but not ready"),
        ([instance(None)], "no instance is running and ready, 1 in an unknown state"),
        ([instance("\x1b[2J")], "no instance is running and ready, 1 in an unknown state"),
        (
            [instance("new"), instance("failed"), instance("new")],
            "no instance is running and ready, 1 failed, 2 new",
        ),
    ],
)
def test_why_it_is_not_there(instances, reason):
    """In the platform's own words for states, as far as they are words."""
    assert judged(instances) == reason


@pytest.mark.parametrize("ready", [None, False, "absent", "yes"])
def test_with_a_readiness_check_only_true_is_ready(ready):
    """It has not been made yet, or has failed."""
    assert judged([instance(ready=ready)], config=CHECK).endswith(", 1 running, but not ready")
    assert judged([instance(ready=ready), instance(ready=True)], config=CHECK) == ""


def test_so_many_as_are_wanted():
    """A number, or all that there are to be."""
    two = [instance(), instance("starting")]
    assert judged(two, 2) == "1 of 2 instances are running and ready, 1 starting"
    assert judged([instance(), instance()], 2) == ""
    assert judged([instance()], 0, instances=2) == "1 of 2 instances are running and ready"
    assert judged(two, 0, instances=1) == ""
    assert judged(two, 0, instances=None).startswith("1 of 2 instances")
    assert judged([], 0) == "no instance is running and ready"


def test_a_name_that_is_not_there():
    """With the nearest one; one that is being deleted is not there any more."""
    there = [container("database"), container("api"), {"identifier": None}]
    reason = "the environment has no container with this identifier"
    assert lacking("databse", 1, there, []) == f"{reason}, did you mean database"
    going = container(state={"current": "deleting"})
    assert lacking("db", 1, [going], [instance()]) == reason


def test_several_of_one_name():
    """That of our own deployment, or any."""
    old = container(number="1", deployment={"version": "v1"})
    new = container(number="2", deployment={"version": "v2"})
    running = [instance(number="1")]
    assert lacking("db", 1, [new, old], running) == ""
    assert lacking("db", 1, [new, old], running, "v3") == ""
    assert lacking("db", 1, [new, old], running, "v1") == ""
    assert lacking("db", 1, [new, old], running, "v2") == "no instance is running and ready"


@pytest.mark.parametrize("wrong", [None, 1, "x", [], {}])
def test_documents_of_another_shape(wrong):
    """Nothing is there that does not say so."""
    documents = [{"id": "1", "identifier": "db", "config": wrong, "state": wrong}]
    said = lacking("db", 1, documents, [{"container_id": "1", "state": wrong}])
    assert said == "no instance is running and ready, 1 in an unknown state"
