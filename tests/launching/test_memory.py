"""What one watcher leaves to the next."""

from __future__ import annotations

from cycle_exec.launching.memory import Memory, packed, unpacked
from cycle_exec.planning.model import FileWrite, Plan
from cycle_exec.resident.watching import Job
from cycle_exec.secret import Secret
from cycle_exec.settings.model import Invocation, Process, Settings, TemplateOutput
from cycle_exec.sources.model import Certificate, Integration, Snapshot
from cycle_exec.system.exec.user import User


def test_all_of_it_comes_back():
    """Every value, with its type; texts that are no UTF-8, secrets, and what is not there."""
    memory = Memory(
        invocation=Invocation(
            argv=("a", "\udcff"), environ={"A": "\udcfe"}, cwd="/", mask=frozenset([1, 34])
        ),
        settings=Settings(
            process=Process(reload=True, signal_map={"TERM": "QUIT"}),
            templates=(TemplateOutput(source="a", target="/b", check=("x",)),),
            command=("app",),
        ),
        manifest=b"\xff",
        snapshot=Snapshot(
            variables={"A": "1"},
            integrations={
                "x": Integration(identifier="i", vendor="v", name="n", fields={"auth.a": "s"}),
                "y": None,
            },
            certificates=(
                Certificate(id="1", domains=("d",), bundle=Secret("b"), private_key=Secret("k")),
            ),
            resources={"server": {"list": [1, None, True, 1.5, {"x": []}]}},
        ),
        plan=Plan(
            environ={"A": "1"},
            sources={"A": "x"},
            writes=(FileWrite(path="/a", content=b"\0", mode=0o600, kind="template"),),
        ),
        executable="/bin/app",
        user=User(name="u", uid=1, gid=2, groups=(2,)),
        jobs=(Job(deed=("command", "", "x"), at=1.5, failures=2),),
    )
    found = unpacked(packed(memory))
    assert found == memory
    assert found.snapshot.resources == memory.snapshot.resources
    [certificate] = found.snapshot.certificates or ()
    assert certificate.private_key.reveal() == "k"
    assert "reload" in repr(found.settings)
