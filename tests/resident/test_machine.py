"""Histories of the process above the app: what happens, and what it does."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from cycle_exec.resident.machine import step
from cycle_exec.resident.model import (
    Arrived,
    Asked,
    Deserted,
    Ended,
    Expired,
    Foreground,
    Halted,
    Leave,
    Pause,
    Say,
    Send,
    Start,
    State,
    Terms,
    Wait,
    WatcherEnded,
)

PLAIN = Terms()
SHELL = Terms(terminal=True, alone=False)
LEADER = Terms(terminal=True, alone=True)
SIGNALS = st.sampled_from(["TERM", "INT", "HUP", "CONT", "TSTP", "WINCH", "RTMIN+3", "USR1"])


def history(terms, *events):
    """All that is done, event by event, from the beginning on."""
    state, done = State(), []
    for event in events:
        state, actions = step(terms, state, event)
        done.append(list(actions))
    return done


def test_a_plain_life():
    """Signals are passed on as they come; the app's end is the end."""
    events = (Arrived(signal="HUP"), Arrived(signal="RTMIN+3"), Ended(code=7))
    assert history(PLAIN, *events) == [
        [Send(signal="HUP")],
        [Send(signal="RTMIN+3")],
        [Leave(code=7)],
    ]
    assert history(PLAIN, Ended(code=-15)) == [[Leave(code=143)]]


def test_with_grace():
    """TERM for the rest of the group; the end comes when all are gone."""
    terms = Terms(grace=2.0)
    assert history(terms, Ended(code=3), Arrived(signal="HUP"), Deserted()) == [
        [Send(signal="TERM"), Wait(seconds=2.0)],
        [Send(signal="HUP")],
        [Leave(code=3)],
    ]


def test_after_the_grace():
    """Or after its time, with KILL for who is still there."""
    terms = Terms(grace=2.0)
    assert history(terms, Ended(code=3), Expired()) == [
        [Send(signal="TERM"), Wait(seconds=2.0)],
        [Send(signal="KILL"), Leave(code=3)],
    ]


def test_other_signals_instead():
    """The map is for what arrives; NONE keeps it away."""
    terms = Terms(signal_map={"TERM": "QUIT", "HUP": "NONE"})
    assert history(
        terms, Arrived(signal="TERM"), Arrived(signal="HUP"), Arrived(signal="QUIT")
    ) == [
        [Send(signal="QUIT")],
        [],
        [Send(signal="QUIT")],
    ]


def test_the_terminals_own_signals():
    """The app's group has them already, if it has the terminal; a hang-up is for us alone."""
    typed = Arrived(signal="INT", kernel=True)
    assert history(SHELL, typed, Arrived(signal="INT")) == [[], [Send(signal="INT")]]
    assert history(PLAIN, typed) == [[Send(signal="INT")]]
    assert history(SHELL, Arrived(signal="HUP", kernel=True)) == [[Send(signal="HUP")]]


def test_a_stop_below_a_shell():
    """We stop with the app, and both come back together."""
    assert history(SHELL, Halted(signal="TSTP"), Arrived(signal="CONT"), Ended(code=0)) == [
        [Foreground(app=False), Pause()],
        [Foreground(app=True), Send(signal="CONT")],
        [Foreground(app=False), Leave(code=0)],
    ]


def test_a_stop_that_nobody_could_end():
    """A terminal's stop is undone; one that somebody sent on purpose stays."""
    assert history(LEADER, Halted(signal="TSTP")) == [[Send(signal="CONT")]]
    assert history(LEADER, Halted(signal="STOP")) == [[]]
    assert history(PLAIN, Halted(signal="TSTP")) == [[]]


EVENTS = st.lists(
    st.one_of(
        st.builds(Arrived, signal=SIGNALS, kernel=st.booleans()),
        st.builds(Halted, signal=st.sampled_from(["TSTP", "STOP", "TTIN"])),
        st.just(Expired()),
        st.just(Deserted()),
    ),
    max_size=8,
)
TERMS = st.builds(
    Terms,
    grace=st.sampled_from([0.0, 1.0]),
    signal_map=st.dictionaries(SIGNALS, SIGNALS | st.just("NONE"), max_size=3),
    terminal=st.booleans(),
    alone=st.booleans(),
)


@given(TERMS, EVENTS, st.integers(-64, 255), EVENTS)
def test_any_history(terms, before, code, after):
    """It never leaves before the app has ended, then always with the app's code; every signal of
    a process is passed on once, as the map says."""
    state = State()
    for event in before:
        state, actions = step(terms, state, event)
        assert not any(isinstance(action, Leave) for action in actions)
        if isinstance(event, Arrived) and not event.kernel:
            sent = [action.signal for action in actions if isinstance(action, Send)]
            wanted = terms.signal_map.get(event.signal, event.signal)
            assert sent == ([] if wanted == "NONE" else [wanted])
    left = []
    for event in (Ended(code=code), *after, Expired()):
        state, actions = step(terms, state, event)
        left += [action for action in actions if isinstance(action, Leave)]
        if left:
            break
    assert left == [Leave(code=code if code >= 0 else 128 - code)]


def test_a_launch_in_reload_mode():
    """The watcher prepares the app, signals are for it until then, and asks for the start."""
    typed = Arrived(signal="INT", kernel=True)
    state, done = State(phase="launching"), []
    for event in (Arrived(signal="HUP"), Asked(), typed, Ended(code=4)):
        state, actions = step(SHELL, state, event)
        done.append(list(actions))
    assert done == [
        [Send(signal="HUP")],
        [Start()],
        [],
        [Foreground(app=False), Leave(code=4)],
    ]
    assert step(SHELL, State(phase="launching"), typed)[1] == (Send(signal="INT"),)


def test_a_launch_that_refuses_in_reload_mode():
    """The watcher's code is the container's."""
    assert step(PLAIN, State(phase="launching"), WatcherEnded(code=77))[1] == (Leave(code=77),)
    assert step(PLAIN, State(phase="launching"), WatcherEnded(code=-15))[1] == (Leave(code=143),)


def test_a_restart():
    """TERM, its end, and a new start; whoever is left of the old group is killed."""
    assert history(Terms(patience=3.0), Asked(), Asked(), Ended(code=0), Ended(code=1)) == [
        [Send(signal="TERM"), Wait(seconds=3.0)],
        [],
        [Send(signal="KILL"), Wait(seconds=0.0), Start()],
        [Leave(code=1)],
    ]


def test_a_restart_of_who_does_not_listen():
    """KILL after its patience; one that is stopped is woken to hear TERM."""
    assert history(PLAIN, Asked(), Expired())[1] == [Send(signal="KILL")]
    paused = history(SHELL, Halted(signal="TSTP"), Asked())[1]
    assert paused == [Send(signal="TERM"), Send(signal="CONT"), Wait(seconds=10.0)]


def test_who_was_told_to_stop_is_not_started_again():
    """Before or during a restart; the watcher's own signals are no such thing, nor what is mapped
    away.
    """
    assert history(PLAIN, Arrived(signal="TERM"), Asked())[1] == []
    assert history(PLAIN, Asked(), Arrived(signal="TERM"), Ended(code=7))[2] == [Leave(code=7)]
    watcher = Arrived(signal="QUIT", watcher=True)
    assert history(PLAIN, watcher, Asked())[1] != []
    deaf = Terms(signal_map={"TERM": "NONE"})
    assert history(deaf, Arrived(signal="TERM"), Asked())[1] != []


def test_the_watchers_signals_are_not_mapped():
    """on_change = "signal:HUP" means HUP, whatever is done with a HUP from outside."""
    terms = Terms(signal_map={"HUP": "NONE"})
    assert history(terms, Arrived(signal="HUP", watcher=True)) == [[Send(signal="HUP")]]


def test_a_watcher_that_ends_is_missed_and_nothing_more():
    """Words, while the app runs."""
    [[said]] = history(PLAIN, WatcherEnded(code=1))
    assert isinstance(said, Say)
    assert history(Terms(grace=1.0), Ended(code=0), WatcherEnded(code=1))[1] == []
