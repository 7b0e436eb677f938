"""A shell above the app, as many images have it: with and without exec."""

from __future__ import annotations

import sys

import pytest

from tests.launching.reload.conftest import SIGNAL, reloading, state

# Ends as late as somebody lets it, and says by which signal.
APP = """
import os, signal, sys, time
def hear(number, _):
    name = signal.Signals(number).name
    print("hears", name, flush=True)
    if name != "SIGHUP":
        while not os.path.exists(sys.argv[1]):
            time.sleep(0.02)
        print("ends", flush=True)
        os._exit(7)
for number in (signal.SIGHUP, signal.SIGTERM, signal.SIGQUIT):
    signal.signal(number, hear)
print("start", os.environ["PLAIN"], flush=True)
while True:
    signal.pause()
"""
# Whether the shell stays above the app.
FORMS = {
    "stays": 'cd / && "$@"; exit $?',
    "as it likes": 'cd / && "$@"',
    "exec": 'cd / && exec "$@"',
}


@pytest.fixture(
    params=[
        pytest.param((shell, form), marks=pytest.mark.needs(shell), id=f"{shell} {form}")
        for shell in ("sh", "bash", "dash")
        for form in FORMS
    ]
)
def command(request, ground) -> tuple[str, ...]:
    """A shell that starts the app."""
    shell, form = request.param
    app = (sys.executable, "-I", "-S", "-c", APP, str(ground / "may-end"))
    return (shell, "-c", f"ulimit -c 0; {FORMS[form]}", shell, *app)


def test_a_signal_reaches_the_app_and_spares_the_shell(platform, ground, command):
    """Whoever has a handler gets it, more than once; the container goes on."""
    (ground / "may-end").touch()
    with reloading(platform, ground, SIGNAL, *command) as run:
        assert run.app() == "start one"
        run.says("listening for notifications")
        before = run.children()
        for page in ("second", "third"):
            platform.state.write_text(state(page=page))
            assert run.app() == "hears SIGHUP"
            assert (ground / "page").read_text() == f"page {page}\n"
        assert run.children() == before


@pytest.mark.parametrize("stop", ["TERM", "QUIT"])
def test_a_restart_waits_for_the_app_below_the_shell(platform, ground, command, stop):
    """The shell's own end brings no KILL: all have the grace, from the mapped signal on."""
    manifest = 'grace = "1h"\n'
    if stop != "TERM":
        manifest += f'signal_map = {{ TERM = "{stop}" }}\n'
    with reloading(platform, ground, manifest, *command) as run:
        assert run.app() == "start one"
        run.says("listening for notifications")
        platform.state.write_text(state(plain="two"))
        assert run.app() == f"hears SIG{stop}"
        assert run.silent(0.3)
        (ground / "may-end").touch()
        assert [run.app(), run.app()] == ["ends", "start two"]
        assert run.process.poll() is None
