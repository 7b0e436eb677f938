"""What a launch hands on to the process above the app."""

from __future__ import annotations

from hypothesis import example, given
from hypothesis import strategies as st

from cycle_exec.resident.model import SupervisorArguments

SIGNALS = st.sampled_from(["TERM", "15", "RTMIN+3", "NONE", "HUP"])
ARGUMENTS = st.builds(
    SupervisorArguments,
    child=st.integers(1, 2**22),
    channel=st.none() | st.integers(3, 1024),
    launch=st.none() | st.integers(3, 1024),
    terminal=st.booleans(),
    mask=st.lists(st.integers(1, 64)).map(tuple),
    ignored=st.booleans(),
    log_level=st.sampled_from(["error", "notice"]),
    log_format=st.sampled_from(["text", "json"]),
    before=st.floats(0, 1e6),
    drain=st.floats(0, 1e5),
    grace=st.floats(0, 1e6),
    patience=st.floats(0, 1e6),
    stop_signal=SIGNALS,
    signal_map=st.dictionaries(SIGNALS, SIGNALS),
)
PLAIN = SupervisorArguments(
    child=7,
    channel=None,
    launch=None,
    terminal=False,
    mask=(),
    ignored=False,
    log_level="notice",
    log_format="text",
    before=0.0,
    drain=0.0,
    grace=0.0,
    patience=10.0,
    stop_signal="TERM",
    signal_map={},
)


@given(ARGUMENTS)
@example(PLAIN)
@example(PLAIN.replace(channel=3, mask=(1, 15), signal_map={"TERM": "QUIT"}))
def test_arguments_survive_the_command_line(arguments):
    """Word by word: the process above the app is another program's image by then."""
    words = arguments.to_argv()
    assert all("\0" not in word for word in words)
    assert SupervisorArguments.from_argv(words) == arguments
