"""What is measured against what, and what has to hold."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

from tests.bench import contenders, server, timing
from tests.bench.contenders import Contender
from tests.bench.installation import Installed
from tests.bench.jobs import TOKEN, Job, Size, job
from tests.bench.timing import Sample, Summary

# The base job; the other jobs change one number of it.
GROWTH = (
    ("50 variables, 2 certificates, 3 templates", Size()),
    ("1,000 variables", Size(variables=1000)),
    ("5,000 variables", Size(variables=5000)),
    ("50 templates", Size(templates=50)),
    ("10 certificates", Size(certificates=10)),
    ("50 certificates", Size(certificates=50)),
)
_MUSTS = {
    (0, "python -I -S, exec only"): 4.0,
    (0, "shell"): 0.20,
    (0, "shell, batched"): 0.75,
    (0, "cycle-exec, plain templates"): 1.15,
    (20, "static Go program"): 1.8,
    (100, "static Go program"): 1.25,
}
_ALONE = Size(integrations=0, certificates=0, templates=0)

# On the launch path only where a job needs them, or not at all (click, httpx, dataclasses, ...).
_IMPORTS = (
    *("_socket", "_ssl", "json", "re", "tomllib", "typing", "dataclasses", "logging"),
    *("ssl", "jinja2", "dotenv", "click", "httpx", "cycle_exec.commands.launch"),
)

Progress = Callable[[str], None]


class Plan(NamedTuple):
    """How much to measure.

    latencies: milliseconds. compiled: the Go entrypoint; empty: no other entrypoints than ours.
    growth: whether larger jobs are measured.
    """

    installed: Installed
    folder: Path
    rounds: int
    latencies: tuple[int, ...]
    compiled: str
    growth: bool


class Row(NamedTuple):
    """One contender of a table. against: (wall, cpu) ratios to the references, by their name."""

    summary: Summary
    against: dict[str, tuple[float, float]]
    peak: float = 0.0


class Table(NamedTuple):
    """Contenders of one job."""

    title: str
    rows: tuple[Row, ...]


class Must(NamedTuple):
    """What has to hold: a measured number and its limit."""

    what: str
    measured: float
    limit: float
    unit: str

    @property
    def held(self) -> bool:
        return self.measured <= self.limit


class Found(NamedTuple):
    """All results."""

    tables: tuple[Table, ...]
    musts: tuple[Must, ...]


def run(plan: Plan, progress: Progress) -> Found:
    """Measure everything. Raises contenders.Wrong when somebody's app is not right."""
    return _Suite(plan, progress).run()


class _Suite:
    def __init__(self, plan: Plan, progress: Progress) -> None:
        self.plan = plan
        self.progress = progress
        self.captured = plan.folder / "printed"
        self.tables: list[Table] = []
        self.musts: list[Must] = []
        self.alone = job(plan.folder, "alone", _ALONE)
        self.many = job(plan.folder, "many", _ALONE._replace(variables=5000))
        sizes = GROWTH if plan.growth else GROWTH[:1]
        self.sizes = [
            (title, job(plan.folder, f"size{number}", size))
            for number, (title, size) in enumerate(sizes)
        ]
        # Of three jobs two are compiled, as images have them.
        self.base = job(plan.folder, "realistic", Size(realistic=True))
        self.plain = job(plan.folder, "plain", Size())
        self.source = job(plan.folder, "source", Size(realistic=True))
        for each in (self.base, self.plain):
            contenders.compile_(each, plan.installed.script)

    def run(self) -> Found:
        jobs = [self.alone, self.many, *(each for _, each in self.sizes)]
        sites = [self._site(each, 0) for each in jobs]
        for latency in self.plan.latencies:
            for each in (self.base, self.plain, self.source):
                sites.append(self._site(each, latency))
        with server.serving(sites):
            self._variables_alone()
            for latency in self.plan.latencies:
                self._base_job(latency)
            if self.plan.growth:
                self._growth()
                self._imports()
        return Found(tuple(self.tables), tuple(self.musts))

    def _site(self, job: Job, latency: int) -> server.Site:
        return server.Site(self._socket(job, latency), latency / 1000, TOKEN, job.bodies)

    def _socket(self, job: Job, latency: int = 0) -> str:
        return str(self.plan.folder / f"{job.name}-{latency}.sock")

    def _ours(self, job: Job, latency: int = 0) -> Contender:
        return contenders.ours(job, self.plan.installed.script, self._socket(job, latency))

    def _measured(self, title: str, competitors: Sequence[Contender]) -> list[list[Sample]]:
        return timing.rounds(
            competitors,
            self.plan.rounds,
            self.captured,
            lambda where: self.progress(f"{title}: {where}"),
        )

    def _variables_alone(self) -> None:
        title = "Variables alone: no manifest, no files, 0 ms"
        competitors = [
            contenders.direct(self.alone),
            contenders.exec_only(self.alone, self.plan.installed.python),
            self._ours(self.alone),
            self._ours(self.many),
        ]
        names = [each.name for each in competitors]
        names[3] = "cycle-exec, 5,000 variables"
        samples = self._measured(title, competitors)
        self._table(title, competitors, samples, names, (1, 2))
        wall, _ = timing.ratio(samples[2], samples[1])
        self._must("variables alone, of python -I -S exec only", wall, 2.4)

    def _base_job(self, latency: int) -> None:
        title = f"Full job, {latency} ms"
        competitors = [
            contenders.exec_only(self.base, self.plan.installed.python),
            self._ours(self.base, latency),
            self._ours(self.plain, latency)._replace(name="cycle-exec, plain templates"),
            self._ours(self.source, latency)._replace(name="cycle-exec, not compiled"),
        ]
        if self.plan.compiled:
            socket = self._socket(self.base, latency)
            competitors.append(contenders.compiled(self.base, self.plan.compiled, socket))
            competitors.append(contenders.shell(self.base, socket, batched=True))
            competitors.append(contenders.shell(self.base, socket))
        samples = self._measured(title, competitors)
        names = [each.name for each in competitors]
        self._table(title, competitors, samples, names, (0, 2, *range(4, len(names))))
        for index, name in enumerate(names):
            if (latency, name) in _MUSTS:
                wall, _ = timing.ratio(samples[1], samples[index])
                self._must(f"full job at {latency} ms, of {name}", wall, _MUSTS[latency, name])
        if not latency:
            self._must("peak RSS, full job", self.tables[-1].rows[1].peak, 20.0, "MB")

    def _growth(self) -> None:
        competitors = []
        names = []
        for title, each in self.sizes:
            competitors.append(self._ours(each))
            names.append(f"cycle-exec: {title}")
            if self.plan.compiled:
                competitors.append(contenders.shell(each, self._socket(each), batched=True))
                names.append(f"shell, batched: {title}")
        samples = self._measured("Larger jobs", competitors)
        self._table("Larger jobs, 0 ms", competitors, samples, names, (0,))
        index = names.index("cycle-exec: 5,000 variables")
        wall, _ = timing.ratio(samples[index], samples[0])
        self._must("full job with 5,000 variables, of 50", wall, 1.6)

    def _imports(self) -> None:
        python = self.plan.installed.python
        modules = ("", *_IMPORTS)
        competitors = [contenders.importing(self.alone, python, module) for module in modules]
        samples = self._measured("Imports", competitors)
        names = [each.name for each in competitors]
        self._table("What an import costs", competitors, samples, names, (0,))

    def _table(
        self,
        title: str,
        competitors: Sequence[Contender],
        samples: Sequence[Sequence[Sample]],
        names: Sequence[str],
        references: Sequence[int],
    ) -> None:
        rows = []
        for index, competitor in enumerate(competitors):
            against = {
                names[other]: timing.ratio(samples[index], samples[other]) for other in references
            }
            summary = timing.summary(names[index], samples[index])
            rows.append(Row(summary, against, timing.peak(competitor, self.captured)))
        self.tables.append(Table(title, tuple(rows)))

    def _must(self, what: str, measured: float, limit: float, unit: str = "x") -> None:
        self.musts.append(Must(what, measured, limit, unit))
