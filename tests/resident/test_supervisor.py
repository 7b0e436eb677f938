"""Histories of the process above the app: what happens, and what it does."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from cycle_exec.resident import status
from cycle_exec.resident.model import (
    Action,
    Arrived,
    Deliver,
    Delivered,
    Deserted,
    Ended,
    Expired,
    Foreground,
    Halted,
    Leave,
    NewPlan,
    NotStarted,
    Pause,
    Prepare,
    Ready,
    Say,
    Send,
    Start,
    StartWatcher,
    State,
    Terms,
    Wait,
    Wanted,
    WatcherEnded,
)
from cycle_exec.resident.supervisor import step

PLAIN = Terms()
SHELL = Terms(terminal=True, alone=False)
LEADER = Terms(terminal=True, alone=True)
SIGNALS = st.sampled_from(["TERM", "INT", "HUP", "CONT", "TSTP", "WINCH", "RTMIN+3", "USR1"])
TERM = Arrived(signal="TERM", number=15)


def history(terms, *events, state=None):
    """All that is done, event by event, from the beginning on; timers are left out."""
    state, done = state or State(), []
    for event in events:
        state, actions = step(terms, state, event)
        done.append([action for action in actions if not isinstance(action, Wait)])
    return done


def timers(terms, *events, state=None):
    """The timers that the last event has armed or ended."""
    state = state or State()
    found: tuple[Action, ...] = ()
    for event in events:
        state, found = step(terms, state, event)
    return {each.timer: each.seconds for each in found if isinstance(each, Wait)}


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
        [Send(signal="TERM")],
        [Send(signal="HUP")],
        [Leave(code=3)],
    ]


def test_after_the_grace():
    """Or after its time, with KILL for who is still there."""
    terms = Terms(grace=2.0)
    assert history(terms, Ended(code=3), Expired(timer="grace")) == [
        [Send(signal="TERM")],
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


DRAINED = Terms(
    drain=5.0, stop="USR1", stop_signal="QUIT", signal_map={"QUIT": "USR1", "INT": "NONE"}
)


def test_a_stop_is_held_back():
    """For its time; what else arrives does not wait, and it counts as being stopped at once."""
    events = (TERM, Arrived(signal="HUP"), Expired(timer="drain"), Ended(code=0))
    assert history(DRAINED, *events) == [
        [],
        [Send(signal="HUP")],
        [Send(signal="TERM")],
        [Leave(code=0)],
    ]
    assert timers(DRAINED, TERM) == {"drain": 5.0, "stop": 0.0}
    assert timers(DRAINED, TERM, Expired(timer="drain")) == {"drain": 0.0, "stop": 30.0}
    state, _ = step(DRAINED, State(), TERM)
    assert status.app(state, (143,)) == status.STOPPING


def test_the_stop_signal_is_held_back_as_it_is_passed_on():
    """Whatever it is called; one that is typed has reached the app, and NONE reaches nobody."""
    events = (Arrived(signal="QUIT", number=3), Expired(timer="drain"))
    assert history(DRAINED, *events) == [[], [Send(signal="USR1")]]
    typed = Arrived(signal="QUIT", number=3, kernel=True)
    assert timers(DRAINED.replace(terminal=True), typed) == {"stop": 30.0}
    assert history(DRAINED, Arrived(signal="INT", number=2)) == [[]]


def test_a_second_stop_is_not():
    """Nor is the first one any more; each signal is passed on once."""
    again = (TERM, TERM, Expired(timer="drain"), TERM)
    assert history(DRAINED, *again) == [[], [Send(signal="TERM")], [], [Send(signal="TERM")]]
    other = (TERM, Arrived(signal="QUIT", number=3))
    assert history(DRAINED, *other) == [[], [Send(signal="TERM"), Send(signal="USR1")]]
    assert timers(DRAINED, *other) == {"drain": 0.0, "stop": 30.0}
    # A thread dump before it is no first stop.
    plain = Terms(drain=5.0)
    assert history(plain, Arrived(signal="QUIT", number=3), TERM) == [[Send(signal="QUIT")], []]


def test_a_later_signal_takes_no_time_from_a_stop():
    """An app that is about to end by TERM has not survived it because it has survived INT."""
    interrupt = Arrived(signal="INT", number=2)
    assert timers(PLAIN, interrupt) == {"stop": 10.0}
    assert timers(PLAIN, TERM, interrupt) == {"stop": 30.0}
    assert timers(PLAIN, TERM, Expired(timer="stop"), interrupt) == {"stop": 10.0}


def test_a_launch_is_stopped_at_once():
    """There is no app yet that anybody could look away from."""
    assert history(DRAINED, TERM.replace(early=True)) == [[Send(signal="TERM")]]
    launching = State(phase="launching")
    assert history(DRAINED, TERM, state=launching) == [[Send(signal="TERM")]]


def test_a_launch_has_time_to_end_what_it_runs():
    """Of [[before]]; others are waited for no longer than they need."""
    launching = State(phase="launching")
    assert timers(PLAIN, TERM, state=launching) == {"grace": 0.8}
    assert timers(Terms(before=10.0), TERM, state=launching) == {"grace": 10.8}


def test_nothing_is_held_back_at_a_restart():
    """What was told to end already gets a stop at once, and a plan waits for a stop's outcome."""
    restarted = (NewPlan(), TERM)
    assert history(DRAINED, *restarted) == [[Send(signal="USR1")], [Send(signal="TERM")]]
    assert history(DRAINED, TERM, NewPlan(), Expired(timer="drain"), Expired(timer="stop")) == [
        [],
        [],
        [Send(signal="TERM")],
        [Send(signal="USR1")],
    ]


def test_an_app_that_ends_meanwhile():
    """Its own code is the container's, and nobody is sent what was held back."""
    assert history(DRAINED, TERM, Ended(code=4), Expired(timer="drain")) == [
        [],
        [Leave(code=4)],
        [],
    ]


EVENTS = st.lists(
    st.one_of(
        st.builds(Arrived, signal=SIGNALS, kernel=st.booleans()),
        st.builds(Halted, signal=st.sampled_from(["TSTP", "STOP", "TTIN"])),
        st.sampled_from([Expired(timer="grace"), Expired(timer="drain")]),
        st.just(Deserted()),
    ),
    max_size=8,
)
TERMS = st.builds(
    Terms,
    drain=st.sampled_from([0.0, 1.0]),
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
        held = state.held
        state, actions = step(terms, state, event)
        assert not any(isinstance(action, Leave) for action in actions)
        sent = [action.signal for action in actions if isinstance(action, Send)]
        if isinstance(event, Arrived) and not event.kernel:
            wanted = terms.signal_map.get(event.signal, event.signal)
            passed_on = [] if wanted == "NONE" else [wanted]
            if state.held and not held:
                assert (terms.drain > 0, [state.held], sent) == (True, passed_on, [])
            elif held and not state.held and held != wanted:
                assert sent == [held, *passed_on]
            else:
                assert sent == passed_on
        elif event == Expired(timer="drain"):
            assert sent == ([held] if held else [])
            assert not state.held
    left = []
    for event in (Ended(code=code), *after, Expired(timer="grace")):
        state, actions = step(terms, state, event)
        left += [action for action in actions if isinstance(action, Leave)]
        if left:
            break
    assert left == [Leave(code=code if code >= 0 else 128 - code)]


def test_a_launch_in_reload_mode():
    """The watcher prepares the app, signals are for it until then, and asks for the start."""
    typed = Arrived(signal="INT", kernel=True)
    state, done = State(phase="launching"), []
    for event in (Arrived(signal="HUP"), NewPlan(), typed, Ended(code=4)):
        state, actions = step(SHELL, state, event)
        done.append([action for action in actions if not isinstance(action, Wait)])
    assert done == [
        [Send(signal="HUP")],
        [Start()],
        [],
        [Foreground(app=False), Leave(code=4)],
    ]
    assert history(SHELL, typed, state=State(phase="launching")) == [[Send(signal="INT")]]


def test_a_launch_that_refuses_in_reload_mode():
    """The watcher's code is the container's."""
    assert step(PLAIN, State(phase="launching"), WatcherEnded(code=77))[1] == (Leave(code=77),)
    assert step(PLAIN, State(phase="launching"), WatcherEnded(code=-15))[1] == (Leave(code=143),)


def test_a_restart():
    """The stop signal, its end, that of its group, and a new start with the newest plan."""
    begun = (NewPlan(), NewPlan(), Ended(code=0), NewPlan(), Deserted())
    assert history(PLAIN, *begun, NewPlan(), Ended(code=1)) == [
        [Send(signal="TERM")],
        [],
        [],
        [],
        # What the old one has removed is put back first.
        [Prepare()],
        [Start()],
        [Leave(code=1)],
    ]
    assert timers(PLAIN, *begun)["start"] == 3.0
    assert history(PLAIN, *begun, Ready(), Ready())[-2:] == [[Start()], []]
    assert history(PLAIN, *begun, Expired(timer="start"))[-1] == [Start()]
    gone = WatcherEnded(code=-9)
    assert history(PLAIN, gone, NewPlan(), Ended(code=0), Deserted())[-1] == [Start()]
    assert timers(Terms(patience=3.0), NewPlan())["grace"] == 3.0


def test_a_restart_says_it_as_the_signal_map_has_it():
    """`signal_map` and `stop_signal` count for a restart too."""
    terms = Terms(stop="QUIT", signal_map={"TERM": "QUIT"})
    assert history(terms, NewPlan()) == [[Send(signal="QUIT")]]


def test_the_whole_group_has_its_time():
    """A shell above the app has ended, the app has not: KILL comes after the patience alone."""
    assert history(PLAIN, NewPlan(), Ended(code=-15), Expired(timer="grace"), Deserted()) == [
        [Send(signal="TERM")],
        [],
        [Send(signal="KILL")],
        [Prepare()],
    ]
    stuck = history(PLAIN, NewPlan(), Ended(code=0), *[Expired(timer="grace")] * 2)
    assert stuck[-1] == [Prepare()]


def test_a_restart_of_who_is_stopped():
    """One that is stopped is woken to hear it."""
    paused = history(SHELL, Halted(signal="TSTP"), NewPlan())[1]
    assert paused == [Send(signal="TERM"), Send(signal="CONT")]


def test_who_was_told_to_stop_is_not_started_again():
    """Before or during a restart; what is mapped away is no stop."""
    assert history(PLAIN, TERM, NewPlan(), Ended(code=7))[1:] == [[], [Leave(code=7)]]
    assert history(PLAIN, NewPlan(), TERM, Ended(code=7))[2] == [Leave(code=7)]
    deaf = Terms(signal_map={"TERM": "NONE"})
    assert history(deaf, TERM, NewPlan())[1] != []


def test_a_signal_that_the_app_survives_stops_nothing():
    """A JVM writes its threads for QUIT: the restart that was asked for comes all the same."""
    dump = Arrived(signal="QUIT", number=3)
    assert history(PLAIN, dump, NewPlan(), Expired(timer="stop")) == [
        [Send(signal="QUIT")],
        [],
        [Send(signal="TERM")],
    ]
    assert history(PLAIN, dump, Expired(timer="stop"), NewPlan())[2] == [Send(signal="TERM")]


def test_a_stop_while_no_app_runs_is_the_end():
    """128 and its number, also for a stop signal of its own; nothing is started."""
    gone = (NewPlan(), Ended(code=0))
    for terms, signal, number in (
        (PLAIN, "TERM", 15),
        (PLAIN, "INT", 2),
        (PLAIN, "QUIT", 3),
        (Terms(stop="USR1", stop_signal="USR1"), "USR1", 10),
        (Terms(stop="WINCH", stop_signal="WINCH"), "WINCH", 28),
    ):
        arrived = Arrived(signal=signal, number=number)
        assert history(terms, *gone, arrived, Deserted(), NewPlan())[2] == [
            Leave(code=128 + number)
        ]


def test_a_stop_while_no_app_runs_leaves_the_rest_its_grace():
    """The time that runs is theirs."""
    terms = Terms(grace=2.0, patience=2.0)
    found = history(terms, NewPlan(), Ended(code=0), TERM, Expired(timer="grace"))
    assert found[2:] == [[], [Send(signal="KILL"), Leave(code=143)]]


def test_other_signals_wait_for_the_new_app():
    """They are kept until it listens, and mapped as ever; what a terminal says is of the moment."""
    hup, size = Arrived(signal="HUP", number=1), Arrived(signal="WINCH", number=28)
    state = State(phase="clearing", again=True)
    events = (hup, hup, size, Deserted(), NewPlan(), Expired(timer="listen"))
    assert history(PLAIN, *events, state=state) == [
        [],
        [],
        [],
        [Prepare()],
        [Start()],
        [Deliver(signal="HUP")],
    ]
    away = Terms(signal_map={"HUP": "NONE"})
    assert history(away, *events, state=state)[-1] == []
    heard = (*events, Delivered(signal="HUP", number=1, heard=True), Expired(timer="listen"))
    assert history(PLAIN, *heard, state=state)[-1] == []
    # One from outside that nobody wants is forgotten without a word.
    assert history(PLAIN, *events, Expired(timer="deaf"), state=state)[-1] == []


def test_a_signal_of_the_watchers_needs_a_handler():
    """It waits until there is one, and a warning says if there never was."""
    unheard = Delivered(signal="HUP", number=1, heard=False)
    assert history(PLAIN, Wanted(signal="HUP"), unheard, Expired(timer="listen"), unheard) == [
        [Deliver(signal="HUP")],
        [],
        [Deliver(signal="HUP")],
        [],
    ]
    [said] = history(PLAIN, Wanted(signal="HUP"), unheard, Expired(timer="deaf"))[-1]
    assert isinstance(said, Say)
    assert "HUP" in said.words
    # A restart makes it needless.
    assert history(PLAIN, Wanted(signal="HUP"), unheard, NewPlan(), Expired(timer="deaf"))[-1] == []
    assert history(PLAIN, NewPlan(), Wanted(signal="HUP"))[1] == []


def test_an_app_that_dies_of_a_signal_of_ours_is_started_again_once():
    """Programs in Go and Java catch what they die of: it is not sent to them any more."""
    heard = Delivered(signal="HUP", number=1, heard=True)
    for code in (-1, 129):
        events = (Wanted(signal="HUP"), heard, Ended(code=code), Deserted(), NewPlan())
        done = history(PLAIN, *events, Wanted(signal="HUP"), Ended(code=code))
        assert done[2][0].words.startswith("the app was ended by HUP")
        assert done[3:5] == [[Prepare()], [Start()]]
        assert isinstance(done[5][0], Say)
        assert done[6] == [Leave(code=129)]
    # Without a watcher to prepare it, and when it takes too long.
    for event in (WatcherEnded(code=-9), Expired(timer="start")):
        late = history(PLAIN, Wanted(signal="HUP"), heard, event, Ended(code=-1), Deserted(), event)
        assert [Start()] in late or [Prepare()] in late
    # Two seconds later it is the app's own end.
    survived = (Wanted(signal="HUP"), heard, Expired(timer="handler"), Ended(code=-1))
    assert history(PLAIN, *survived)[-1] == [Leave(code=129)]


def test_a_start_that_fails_does_not_end_the_container():
    """It is tried again, said once for each cause; a stop ends that, a new plan comes at once."""
    gone = NotStarted(code=127, words="command app: gone")
    restart = (NewPlan(), Ended(code=0), Deserted(), NewPlan())
    done = history(PLAIN, *restart, gone, Expired(timer="start"), gone, NewPlan(), TERM, gone)
    assert isinstance(done[4][0], Say)
    assert done[5:8] == [[Start()], [], [Start()]]
    assert done[8:] == [[Send(signal="TERM")], [Leave(code=143)]]
    assert timers(PLAIN, *restart, gone)["start"] == 1.0
    assert timers(PLAIN, *restart, gone, Expired(timer="start"), gone)["start"] == 2.0


def test_a_first_start_that_fails_is_the_end():
    """As without reload mode."""
    gone = NotStarted(code=127, words="command app: gone")
    begun = State(phase="launching")
    assert history(PLAIN, NewPlan(), gone, state=begun)[1] == [Leave(code=127)]
    untold = NotStarted(code=73, words="no process can be made for it", said=False)
    said, leave = history(PLAIN, NewPlan(), untold, state=begun)[1]
    assert said == Say(
        words="the app could not be started: no process can be made for it; its files are written "
        "already"
    )
    assert leave == Leave(code=73)


def test_a_stop_during_a_restart_counts_whatever_else_comes():
    """The app that is about to end is not told again, and not started again with newer data."""
    stopped = (NewPlan(), TERM, NewPlan())
    assert history(PLAIN, *stopped, Ended(code=0)) == [
        [Send(signal="TERM")],
        [Send(signal="TERM")],
        [],
        [Leave(code=0)],
    ]
    assert timers(PLAIN, *stopped) == {}


def test_a_launch_that_is_told_to_stop():
    """The watcher undoes what it is about; it is not waited for longer than a second."""
    begun = State(phase="launching")
    term, late = Arrived(signal="TERM", number=15), Expired(timer="grace")
    assert history(PLAIN, term, WatcherEnded(code=143), state=begun) == [
        [Send(signal="TERM")],
        [Leave(code=143)],
    ]
    assert history(PLAIN, term, late, state=begun)[1] == [Send(signal="KILL")]
    assert history(PLAIN, term, NewPlan(), state=begun)[1] == [Leave(code=143)]
    # Another one is passed on as well, but the first gives the code and the second.
    again = Arrived(signal="QUIT", number=3)
    done = history(PLAIN, term, again, WatcherEnded(code=143), state=begun)
    assert done[1:] == [[Send(signal="TERM")], [Leave(code=143)]]
    assert timers(PLAIN, term, again, state=begun) == {}
    own = Terms(stop="WINCH", stop_signal="WINCH")
    size = Arrived(signal="WINCH", number=28)
    assert history(own, size, WatcherEnded(code=143), state=begun)[1] == [Leave(code=156)]


def test_a_watcher_that_ends_comes_back():
    """With a pause that grows to a minute; the app is untouched. A good one starts anew."""
    state, pauses = State(), []
    for _ in range(9):
        state, actions = step(PLAIN, state, WatcherEnded(code=-9, how="was killed by SIGKILL"))
        assert isinstance(actions[0], Say)
        assert "was killed by SIGKILL" in actions[0].words
        pauses += [action.seconds for action in actions if isinstance(action, Wait)]
        state, actions = step(PLAIN, state, Expired(timer="watcher"))
        assert actions[0] == StartWatcher()
    assert pauses == [1, 2, 4, 8, 16, 32, 60, 60, 60]
    state, _ = step(PLAIN, state, Expired(timer="steady"))
    assert state.falls == 0
    assert history(Terms(grace=1.0), Ended(code=0), WatcherEnded(code=1))[1] == []
    left = history(PLAIN, WatcherEnded(code=1), Ended(code=0), Expired(timer="watcher"))
    assert left[2] == []


def test_a_signal_of_the_watchers_waits_until_a_stop_is_survived():
    """So that it is clear by what the app has ended, if it ends."""
    dump = Arrived(signal="QUIT", number=3)
    events = (dump, Wanted(signal="HUP"), Expired(timer="listen"), Expired(timer="stop"))
    assert history(PLAIN, *events, Expired(timer="listen"))[1:] == [
        [],
        [],
        [],
        [Deliver(signal="HUP")],
    ]


def test_a_signal_that_comes_as_the_launch_becomes_the_watcher():
    """Nobody has a handler for it then: it is the app's, when that is started and listens."""
    launching = State(phase="launching")
    hup, winch = Arrived(signal="HUP", number=1), Arrived(signal="WINCH", number=28)
    assert history(PLAIN, hup, NewPlan(), state=launching) == [[Send(signal="HUP")], [Start()]]
    assert set(timers(PLAIN, hup, NewPlan(), state=launching)) == {"listen", "deaf"}
    heard = history(PLAIN, hup, NewPlan(), Expired(timer="listen"), state=launching)
    assert heard[-1] == [Deliver(signal="HUP")]
    # What means nothing to who comes later, and what is not passed on at all.
    assert timers(PLAIN, winch, NewPlan(), state=launching) == {}
    assert timers(Terms(signal_map={"HUP": "NONE"}), hup, NewPlan(), state=launching) == {}
