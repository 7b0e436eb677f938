"""One look of reload mode, in this process: what is asked for, and what is rendered."""

from __future__ import annotations

import time

import pytest

from cycle_exec.errors import Refused
from cycle_exec.launching import looking, pipeline
from cycle_exec.planning.templates import rendering
from cycle_exec.settings.model import (
    Api,
    CertificateRequest,
    Invocation,
    Settings,
    TemplateOutput,
)
from cycle_exec.system import clock
from tests.support.hostile import certificate, hostile
from tests.support.launching import PATH

DAY = 86_400


@pytest.fixture
def api():
    """A platform whose certificate ends in two days."""
    with hostile(variables={"PLAIN": "one"}, certificates=[certificate(days=2)]) as platform:
        yield platform


@pytest.fixture
def rendered(monkeypatch):
    """The templates that are rendered, one name for each time."""
    names: list[str] = []
    render = rendering.render

    def counted(prepared, name, *more):
        names.append(name)
        return render(prepared, name, *more)

    monkeypatch.setattr(rendering, "render", counted)
    return names


class Watched:
    """What is looked at: a certificate and a template."""

    def __init__(self, api, folder) -> None:
        source = folder / "page.j2"
        source.write_text("{% for name in variables %}{{ variables[name] }}{% endfor %}")
        self.invocation = Invocation(
            argv=(), environ={"CYCLE_API_TOKEN": api.token, "PATH": PATH}, cwd=str(folder)
        )
        self.settings = Settings(
            api=Api(socket=api.socket),
            certificates=CertificateRequest(directory=str(folder / "certificates")),
            templates=(TemplateOutput(source=str(source), target=str(folder / "page")),),
        )
        deadline = clock.Deadline.after(20.0)
        self.first = pipeline.plan_for(self.invocation, self.settings, deadline)

    def look(self):
        """Return the plan of another look."""
        first = self.first
        return looking.look(
            self.invocation, self.settings, first.snapshot, first.plan, None, {}
        ).planned.plan


def test_each_template_is_rendered_once(api, tmp_path, rendered, monkeypatch):
    """Also when the certificate has run out meanwhile: a slow one has the deadline for itself."""
    watched = Watched(api, tmp_path)
    rendered.clear()
    assert watched.look() == watched.first.plan
    assert len(rendered) == 1
    monkeypatch.setattr(clock, "now", lambda: time.time() + 3 * DAY)
    api.world.variables = {"PLAIN": "two"}
    rendered.clear()
    plan = watched.look()
    assert [write.content for write in plan.writes if write.path.endswith("/page")] == [b"two"]
    assert len(plan.writes) == len(watched.first.plan.writes)
    assert len(rendered) == 1


def test_another_certificate_that_is_over_refuses(api, tmp_path, rendered, monkeypatch):
    """With its own reason, and without rendering for it; a good one is taken."""
    watched = Watched(api, tmp_path)
    monkeypatch.setattr(clock, "now", lambda: time.time() + 3 * DAY)
    api.world.certificates = [certificate(days=2.5)]
    rendered.clear()
    with pytest.raises(Refused) as caught:
        watched.look()
    [problem] = caught.value.problems
    assert (problem.kind, problem.reason) == ("certificate-refused", "it has expired")
    assert len(rendered) == 1
    api.world.certificates = [certificate(days=30)]
    rendered.clear()
    assert watched.look().certificates != watched.first.plan.certificates
    assert len(rendered) == 1


def test_what_is_wrong_beside_it_is_the_reason(api, tmp_path, monkeypatch):
    """Not what has not changed."""
    watched = Watched(api, tmp_path)
    monkeypatch.setattr(clock, "now", lambda: time.time() + 3 * DAY)
    api.world.variables = {"LD_PRELOAD": "x"}
    with pytest.raises(Refused) as caught:
        watched.look()
    assert [problem.kind for problem in caught.value.problems] == ["name-refused"]
