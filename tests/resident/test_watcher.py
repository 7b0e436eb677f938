"""What the process beside the app decides, event by event."""

from __future__ import annotations

from cycle_exec.planning.model import FileWrite, Plan
from cycle_exec.resident import status
from cycle_exec.resident.schedule import Pace
from cycle_exec.resident.watcher import begin, due, step
from cycle_exec.resident.watching import (
    BEFORE,
    Applied,
    Apply,
    Connect,
    Connected,
    Due,
    HandOver,
    Keep,
    Look,
    Lost,
    Notified,
    Planned,
    Prepared,
    Ran,
    Refused,
    Report,
    Restore,
    Rules,
    Run,
    Say,
    Tell,
)

RULES = Rules(pace=Pace(debounce=2.0, longest=30.0, splay=0.0))
COMMAND = ("command", "", "reload")


def write(path="/a", content=b"x", on_change=("none",)):
    return FileWrite(path=path, content=content, mode=0o600, kind="template", on_change=on_change)


def plan(*writes, warnings=(), **environ):
    return Plan(environ=environ, sources={}, writes=writes, warnings=warnings)


def played(held, *events, rules=RULES, jobs=()):
    """All actions, event by event, and where it stands then."""
    state, done = begin(held, rules, 0.0, None, jobs), []
    for event in events:
        state, actions = step(rules, state, event)
        done.append(list(actions))
    return state, done


def words(actions):
    return [action.words for action in actions if isinstance(action, Say)]


def test_a_changed_file_is_applied_said_and_handed_over():
    """In this order; commands first, then signals; a restart makes signals needless."""
    old = plan(write(on_change=("signal", "HUP")), write("/b", on_change=COMMAND))
    new = plan(write(content=b"y", on_change=("signal", "HUP")), write("/b", b"y", COMMAND))
    state, done = played(old, Planned(now=1.0, plan=new), Applied(now=1.0))
    [applying] = done[0]
    assert isinstance(applying, Apply)
    assert [one.path for one in applying.writes] == ["/a", "/b"]
    keep, tell, run, hand = done[1]
    assert (keep, run) == (Keep(), Run(deed=COMMAND))
    assert isinstance(tell, Tell)
    assert hand == HandOver(signals=("HUP",))
    assert state.held == new
    _, done = played(plan(A="1"), Planned(now=1.0, plan=plan(A="2")))
    assert done[0][-1] == HandOver(asks="restart")


def test_a_restart_waits_for_what_is_run_before_it():
    """Nobody is handed the new plan until that has worked; then the restart is asked for."""
    rules = RULES.replace(before=True)
    both = plan(write(on_change=COMMAND), A="1")
    new = plan(write(content=b"y", on_change=COMMAND), A="2")
    failed = Ran(now=3.0, deed=BEFORE, failure=("before: it exited with code 1", "more"))
    events = (
        Planned(now=1.0, plan=new),
        Applied(now=1.0),
        Ran(now=2.0, deed=COMMAND),
        failed,
        Due(now=4.5),
        failed.replace(now=4.5),
        Due(now=5.0),
        Due(now=7.0),
        Ran(now=7.0, deed=BEFORE),
    )
    state, done = played(both, *events, rules=rules)
    prepared = played(both, *events[:2], Prepared(now=2.0), rules=rules)[1][2]
    assert prepared == [Restore(), HandOver(asks="ready", again=True)]
    keep, tell, *running, handing = done[1]
    assert (keep, running) == (Keep(), [Run(deed=COMMAND), Run(deed=BEFORE)])
    assert isinstance(tell, Tell)
    # Whoever starts the app meanwhile does so with what it had.
    assert handing == HandOver(again=True)
    assert done[2] == [HandOver(again=True)]
    assert words(done[3]) == [
        "before: it exited with code 1; it is tried again until it works",
        "more",
    ]
    again = [action for actions in done[4:8] for action in actions if isinstance(action, Run)]
    assert again == [Run(deed=BEFORE), Run(deed=BEFORE)]
    assert done[8] == [HandOver(asks="restart")]
    assert state.jobs == ()
    # What asks for no restart does not wait.
    old = plan(write(on_change=("signal", "HUP")))
    fresh = plan(write(content=b"y", on_change=("signal", "HUP")))
    _, done = played(old, Planned(now=1.0, plan=fresh), Applied(now=1.0), rules=rules)
    assert done[1][-1] == HandOver(signals=("HUP",))


def test_newer_data_are_tried_at_once():
    """However often it has failed with others."""
    rules = RULES.replace(before=True)
    failed = Ran(now=2.0, deed=BEFORE, failure=("x",))
    _, done = played(
        plan(A="1"),
        Planned(now=1.0, plan=plan(A="2")),
        failed,
        failed,
        Planned(now=3.0, plan=plan(A="3")),
        rules=rules,
    )
    assert done[3][-2:] == [Run(deed=BEFORE), HandOver(again=True)]


def test_a_look_that_changes_nothing_does_nothing():
    """But to remember its answers."""
    held = plan(write(), A="1")
    assert played(held, Planned(now=1.0, plan=held))[1] == [[Keep()]]


def test_drift_is_named_once_and_left_until_a_restart():
    """Or put back at each look, where that is asked for."""
    held = plan(write(), A="1")
    drifted = Planned(now=1.0, plan=held, differing=frozenset(["/a"]))
    mended = Planned(now=2.0, plan=held)
    _, done = played(held, drifted, drifted, mended, drifted)
    assert [len(words(actions)) for actions in done] == [1, 0, 0, 1]
    assert "/a: changed or removed by another program" in words(done[0])[0]
    restart = drifted.replace(plan=plan(write(), A="2"))
    _, done = played(held, restart, Applied(now=1.0))
    assert done[0] == [Apply(writes=(write(),))]
    assert done[1][-1] == HandOver(asks="restart")
    always = RULES.replace(restores=True)
    _, done = played(held, drifted, Applied(now=1.0), rules=always)
    assert done[0] == [Apply(writes=(write(),))]
    assert words(done[1]) == ["put back: /a"]


def test_a_value_that_is_kept_is_named_once():
    """One warning for all of them; what is only empty for now is looked at again."""
    held = plan(A="1")
    look = Planned(now=1.0, plan=held, gone=("variable A",), empty=("variable B",))
    state, done = played(held, look, look)
    assert words(done[0]) == [
        "variable A, variable B: no value at the platform any more; the last one is kept"
    ]
    assert words(done[1]) == []
    assert state.schedule.retry is not None
    gone = look.replace(empty=())
    assert played(held, gone)[0].schedule.due(RULES.pace) is None


def test_a_refusal_is_said_once_for_each_cause():
    """Until a look goes well, which is said too."""
    held = plan(A="1")
    one, other = (Refused(now=1.0, cause=cause, words=cause) for cause in ("one", "other"))
    state, done = played(held, one, one, other, one, Planned(now=2.0, plan=held), one)
    assert [len(words(actions)) for actions in done] == [1, 0, 1, 0, 1, 1]
    assert done[0][0] == Report()
    assert words(done[0]) == ["reload failed: one; the app keeps running unchanged"]
    assert words(done[4]) == ["reload works again: nothing has changed"]
    assert state.schedule.retry is not None
    # What a plan warns of is said when it is new.
    warned = Planned(now=1.0, plan=plan(A="1", warnings=("expires",)))
    _, done = played(held, warned, warned)
    assert [words(actions) for actions in done] == [["expires"], []]


def test_news_is_looked_at_whatever_has_failed():
    """After the debounce, though a hundred looks were refused before."""
    refused = [Refused(now=float(now), cause="bad", words="bad") for now in range(100)]
    state, _ = played(plan(), *refused, Notified(now=100.0))
    moment = due(state, RULES.replace(listens=False))
    assert moment is not None
    assert moment <= 102.0


def test_a_command_that_fails_is_tried_again():
    """After 1, 2, 4, 8 and 8 seconds, said once; when it works the next watcher need not."""
    old, new = plan(write(on_change=COMMAND)), plan(write(content=b"y", on_change=COMMAND))
    state, _ = played(old, Planned(now=0.0, plan=new), Applied(now=0.0))
    now, pauses, said = 0.0, [], []
    for _ in range(5):
        failed = Ran(now=now, deed=COMMAND, failure=("reload exited with code 1", "reload: no"))
        state, actions = step(RULES, state, failed)
        said += words(actions)
        [job] = state.jobs
        pauses.append(job.at - now)
        now = job.at
        _, actions = step(RULES, state, Due(now=now))
        assert Run(deed=COMMAND) in actions
    assert pauses == [1, 2, 4, 8, 8]
    assert said == ["reload exited with code 1; it is tried again until it works", "reload: no"]
    state, actions = step(RULES, state, Ran(now=now, deed=COMMAND))
    assert actions == (HandOver(),)
    assert state.jobs == ()
    assert step(RULES, state, Ran(now=now, deed=COMMAND))[1] == ()
    # The next watcher goes on with what the last one has left.
    assert Run(deed=COMMAND) in played(new, Due(now=now), jobs=(job,))[1][0]


def test_connections_are_made_again_with_growing_pauses():
    """At most eight seconds; one that lasts counts as a good one."""
    state, now, pauses = begin(plan(), RULES, 0.0, None), 0.0, []
    for _ in range(7):
        state, actions = step(RULES, state, Due(now=now))
        assert Connect() in actions
        state, _ = step(RULES, state, Connected(now=now))
        state, _ = step(RULES, state, Lost(now=now + 0.3, jitter=1.0, reason="closed"))
        assert state.reconnect is not None
        pauses.append(round(state.reconnect - now - 0.3, 3))
        now = state.reconnect
    assert pauses == [0.5, 1, 2, 4, 8, 8, 8]
    state, _ = step(RULES, state, Connected(now=now))
    state, _ = step(RULES, state, Lost(now=now + 60, jitter=1.0, reason="closed"))
    assert state.reconnect == now + 60.5


def test_making_a_connection_is_no_news_but_finds_what_was_missed():
    """One look, however often the connection is made meanwhile."""
    lost = Lost(now=0.3, reason="closed")
    state, _ = played(plan(), Connected(now=0.0), lost, Connected(now=1.0))
    assert state.schedule.due(RULES.pace) == 2.0
    _, actions = step(RULES, state, Due(now=2.0))
    assert Look() in actions


def test_an_outage_is_said_once_and_so_is_its_end():
    """After ten seconds; what is shorter is not said, an answer that is for good at once."""
    lost, soon = Lost(now=0.0, reason="closed"), Connected(now=9.0)
    _, done = played(plan(), lost, soon, Due(now=14.5))
    assert [line for actions in done for line in warned(actions)] == []
    events = (lost, Due(now=10.0), Lost(now=11.0, reason="closed"), Due(now=30.0))
    _, done = played(plan(), *events, Connected(now=40.0), Due(now=45.0), Due(now=50.0))
    said = [warned(actions) for actions in done]
    assert said[1] == [
        "no notifications for 10 s: closed; the app keeps running, and the connection is retried"
    ]
    assert said[5] == ["notifications arrive again, after 40 s without"]
    assert sum(map(len, said)) == 2
    gone = Lost(now=0.0, reason="the API answered 404 to the handshake", status=404)
    _, done = played(plan(), gone, gone)
    assert [len(warned(actions)) for actions in done] == [1, 0]
    denied = Lost(now=0.0, reason="the API answered 401 to the handshake", status=401)
    assert warned(played(plan(), denied)[1][0]) == []


def test_what_is_waited_for_without_a_connection():
    """The next attempt, and the moment at which an outage is said or is over."""
    silent = RULES.replace(listens=False)
    assert due(begin(plan(), silent, 0.0, None), silent) is None
    state, _ = played(plan(), Lost(now=0.0, reason="closed"), rules=silent)
    attempt = state.reconnect
    assert attempt is not None
    assert due(state, silent) == attempt < 10.0
    state, actions = step(silent, state, Due(now=attempt))
    assert Connect() in actions
    assert due(state, silent) == 10.0
    state, _ = step(silent, state, Due(now=10.0))
    assert due(state, silent) is None
    state, _ = step(silent, state, Connected(now=12.0))
    state, _ = step(silent, state, Planned(now=14.0, plan=plan()))
    assert due(state, silent) == 17.0


def warned(actions):
    """What is said at the default level."""
    return [one.words for one in actions if isinstance(one, Say) and one.level != "info"]


def test_the_supervisor_may_ask_for_the_targets():
    """They are put back, and it is told."""
    assert played(plan(write()), Prepared(now=1.0))[1] == [[Restore(), HandOver(asks="ready")]]


def test_an_edited_manifest_is_named_once():
    """It counts from the next start."""
    held = plan(A="1")
    look = Planned(now=1.0, plan=held, edited=True)
    _, done = played(held, look, look)
    assert [len(words(actions)) for actions in done] == [1, 0]


def test_without_notifications_it_polls():
    """From the start on."""
    polling = Rules(pace=RULES.pace.replace(interval=60.0), listens=False)
    assert due(begin(plan(), polling, 0.0, None), polling) == 60.0


def test_what_is_known_of_the_platform():
    """Since when there is contact, or none, for who asks the supervisor."""
    held = plan()
    first = begin(held, RULES, 0.0, None, contact=0.0)
    assert status.facts(first, 9.0, 8.0) == status.Facts(contact=0.0, ends=9.0, few=8.0)

    def after(*events):
        state = first
        for event in events:
            state, _ = step(RULES, state, event)
        return status.facts(state, None, None)

    up, lost = Connected(now=1.0), Lost(now=2.0, reason="closed")
    refused = [Refused(now=now, cause="x", words="x") for now in (3.0, 4.0)]
    assert after(up) == status.Facts(connected=True)
    assert after(up, lost) == status.Facts(contact=2.0, outage=2.0)
    assert after(up, lost, lost.replace(now=3.0)) == after(up, lost)
    assert after(up, *refused) == status.Facts(connected=True, refused=3.0)
    assert after(*refused, Planned(now=5.0, plan=held)) == status.Facts(contact=5.0)
