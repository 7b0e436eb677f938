"""How a scenario is played, by the installed script, and judged."""

from __future__ import annotations

import os
import re
import stat
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from socket import socket

from cycle_exec.errors import KINDS
from tests.hostile.model import FETCHED, Refuses, Scenario, Starts
from tests.support.hostile import Hostile, hostile
from tests.support.launching import Ground, Ran, photograph
from tests.support.leftovers import leftovers

OLD_PAGE = b"old page\0\xff of \r\n somebody"
_PLACES = {
    "<n>": r"\d+",
    "<tries>": r"(?: after \d+ attempts)?",
    "<cut>": (
        "(?:the connection was closed before the response was complete|no complete "
        "response in time)"
    ),
}
LATE = Refuses(69, ("the launch: it was not ready before the deadline (unavailable)",))
_HELD_UP = 0.2  # seconds
# The shell is the app: what it was given, seen by a child of it.
_PROBE = '(cat /proc/$$/environ >"$0.environ"; ls -l /proc/$$/fd >"$0.descriptors"); exit 0'


class Playground(Ground):
    """Targets of every sort that a refusal has to leave alone, and an app that tells all."""

    script = _PROBE

    def __init__(
        self,
        folder: Path,
        scenario: Scenario,
        prepare: Callable[[Path], object] = lambda _: None,
    ) -> None:
        """prepare: what is done with the empty folder of targets."""
        super().__init__(folder)
        prepare(self.folder)
        self.target("page.html", OLD_PAGE, mode=0o604, owner=12345)
        self.target("bystander", b"", mode=0o777)
        self.target("pem/other.example.test/privkey.pem", b"other", mode=0o400)
        self.template(scenario.template)
        self.mark = folder / "started"

    def remember(self) -> None:
        """Changes count from here."""
        self._before = photograph(self.folder)

    @property
    def told(self) -> dict[str, str]:
        """The environment of the app."""
        raw = Path(f"{self.mark}.environ").read_bytes().split(b"\0")[:-1]
        pairs = (os.fsdecode(each).partition("=") for each in raw)
        found = {name: value for name, _, value in pairs}
        assert len(found) == len(raw), "a name is there twice"
        return found

    @property
    def descriptors(self) -> list[int]:
        """The open descriptors of the app."""
        lines = Path(f"{self.mark}.descriptors").read_text().splitlines()
        return sorted(int(line.split()[8]) for line in lines if " -> " in line)


@contextmanager
def platform(scenario: Scenario) -> Iterator[Hostile]:
    """The platform of a scenario."""
    with hostile(**{"variables": dict(FETCHED), **scenario.server}) as api:
        misbehave(api, scenario)
        yield api


def misbehave(api: Hostile, scenario: Scenario) -> None:
    """From here on the platform does what the scenario says."""
    vars(api.world).update({"documents": {**api.world.documents}})
    for name, value in scenario.world.items():
        if name == "documents":
            api.world.documents.update(value)
        else:
            setattr(api.world, name, value)
    for where, behaviour in scenario.on.items():
        api.on(where, behaviour)
    if scenario.accepting is not None:
        api.on_accept(scenario.accepting)


def options(scenario: Scenario, ground: Ground) -> list[str]:
    """The words before the app."""
    return ["--manifest", str(ground.manifest(scenario.manifest)), *scenario.options]


def play(scenario: Scenario, folder: Path) -> None:
    """A plain launch, judged in every respect."""
    ground = Playground(folder, scenario)
    with platform(scenario) as api:
        ran = launched(scenario, ground, api)
        judge(scenario, ground, api, ran)
        requests(scenario, api)


def launched(scenario: Scenario, ground: Playground, api: Hostile, *more: str) -> Ran:
    """The launch of a scenario. more: options."""
    kept = scenario.arrange(api, ground) if scenario.arrange is not None else None
    words = [*options(scenario, ground), *more]
    try:
        return ground.launch(api, *words, environ=scenario.environ, before=scenario.before)
    finally:
        if isinstance(kept, socket):
            kept.close()


def judge(
    scenario: Scenario,
    ground: Playground,
    api: Hostile,
    ran: Ran,
    *,
    closed: bool = False,
    unheard: bool = False,
) -> None:
    """What was said, what was started, what has changed. closed: there are no standard descriptors.
    unheard: nobody hears what is said.
    """
    if unheard:
        assert (ran.out, ran.err) == ("", "")
    if isinstance(scenario.outcome, Refuses):
        assert ran.code == scenario.outcome.code, ran
        if not unheard:
            words(scenario.outcome, ground, api, ran)
        ground.unharmed(ran, staged=scenario.outcome.staged)
        assert not Path(f"{ground.mark}.environ").exists()
    else:
        assert (ran.code, ran.out, ground.starts) == (0, "", 1), ran
        if not unheard:
            started(scenario.outcome, ran)
        inherited = ground.environ(api, **scenario.environ)
        environment(scenario.outcome, ground, inherited)
        assert ground.descriptors == ([] if closed else [0, 1, 2])
        ground.silent_about_secrets(ran)
        files(scenario.outcome, ground)


def words(refusal: Refuses, ground: Ground, api: Hostile, ran: Ran) -> None:
    """Every line of a refusal."""
    expected = ["cycle-exec: " + problem for problem in refusal.problems]
    kinds = [problem.rpartition("(")[2].rstrip(")") for problem in refusal.problems]
    fixes = refusal.fixes or [KINDS[kind].fix for kind in kinds]
    for position in reversed(range(len(kinds))):
        if fixes[position] not in fixes[position + 1 :]:
            expected.insert(position + 1, f"  fix: {fixes[position]}")
    if refusal.hidden:
        expected.append(f"  and {refusal.hidden} more")
    lines = ran.err.splitlines()
    if refusal.code == LATE.code and lines[:1] == [f"cycle-exec: {LATE.problems[0]}"]:
        # Half a second after the deadline nothing is waited for any more: a busy machine, and no
        # other, may not have found the words by then.
        assert any("the deadline has passed" in problem for problem in refusal.problems), ran.err
        assert ran.wall - ran.seconds > _HELD_UP, ran
        return
    assert len(lines) == len(expected), ran.err
    for line, pattern in zip(lines, expected, strict=True):
        assert alike(pattern, line, ground, api), f"{line}\nis not\n{pattern}\nin\n{ran.err}"


def alike(pattern: str, line: str, ground: Ground, api: Hostile) -> bool:
    """Whether a line is as expected."""
    known = {"@/": f"{ground.folder}/", "~/": f"{ground.inputs}/", "<socket>": api.socket}
    for place, text in known.items():
        pattern = pattern.replace(place, text)
    escaped = re.escape(pattern)
    for place, expression in _PLACES.items():
        escaped = escaped.replace(place, expression)
    return re.fullmatch(escaped, line) is not None


def started(start: Starts, ran: Ran) -> None:
    """One line says that the app was ready to start, after the warnings."""
    *warnings, ready = ran.err.splitlines()
    assert warnings == [f"cycle-exec: warning: {line}" for line in start.warnings], ran.err
    found = re.fullmatch(r"cycle-exec: ready in \d+ ms(: (.+))?", ready)
    assert found, ran.err
    if start.environ:
        count = len(start.environ)
        told = f"{count} variable{'s' if count > 1 else ''}"
        assert told in str(found[2]).split(", "), (told, ran.err)


def environment(start: Starts, ground: Playground, inherited: Mapping[str, str]) -> None:
    """Exactly the planned one."""
    rest = {name: value for name, value in inherited.items() if name != "CYCLE_API_TOKEN"}
    added = {n: v.replace("@/", f"{ground.folder}/") for n, v in start.environ.items()}
    assert dict(ground.told) == {**rest, **added}


def files(start: Starts, ground: Ground) -> None:
    """What is new, what is as it was, and that nothing is left over."""
    for name, content in start.files.items():
        path = ground.folder / name
        assert path.read_bytes() == content, path
        wanted = 0o640 if name == "page.html" else 0o600
        assert stat.S_IMODE(path.stat().st_mode) == wanted, path
    for name, length in start.certificates.items():
        chain = ground.folder / "pem" / name / "fullchain.pem"
        key = ground.folder / "pem" / name / "privkey.pem"
        assert chain.read_text().count("-----BEGIN CERTIFICATE-----") == length
        assert stat.S_IMODE(key.stat().st_mode) == 0o600
    written = {str(ground.folder / name) for name in start.files}
    if start.certificates:
        written.add(f"{ground.folder}/pem")
    unexpected = [
        line
        for line in ground.changes(times=False)
        if not any(line.startswith((f"{path}:", f"{path} ", f"{path}/")) for path in written)
        and not _is_folder_of(line, written)
    ]
    assert not unexpected, "\n".join(unexpected)
    assert leftovers(ground.folder) == []


def _is_folder_of(line: str, written: set[str]) -> bool:
    folder = line.removesuffix(" is new")
    return folder != line and any(path.startswith(f"{folder}/") for path in written)


def requests(scenario: Scenario, api: Hostile) -> None:
    """How many of each target came, and that no other did."""
    found = Counter(asked.target for asked in api.requests)
    assert found.keys() == scenario.asked.keys(), found
    for target, wanted in scenario.asked.items():
        if isinstance(wanted, range):
            assert found[target] in wanted, found
        else:
            assert found[target] == wanted, found
