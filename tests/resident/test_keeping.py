"""The last good value stays."""

from __future__ import annotations

from cycle_exec.resident.keeping import kept
from cycle_exec.secret import Secret
from cycle_exec.sources.model import Certificate, Integration, Snapshot, VariableFiles


def files(unfit: tuple[str, ...] = (), **values: str) -> VariableFiles:
    return VariableFiles(values=values, unfit=dict.fromkeys(unfit, "it is a directory"))


def integration(**fields):
    return Integration(identifier="i", vendor="v", name="n", fields=fields)


def certificate(*domains, bundle="b"):
    return Certificate(id="1", domains=domains, bundle=Secret(bundle), private_key=Secret("k"))


def test_variables_that_are_gone_or_newly_empty():
    """Keep what they had; others are as they are now."""
    last = Snapshot(variables={"A": "1", "B": "2", "C": "3", "E": ""})
    found = kept(last, Snapshot(variables={"B": "", "C": "4", "D": "5"}))
    assert found.snapshot.variables == {"A": "1", "B": "2", "C": "4", "D": "5"}
    assert (found.gone, found.empty) == (("variable A",), ("variable B",))


def test_variables_in_files():
    """The same, also where a file cannot be read any more; what the API has now is not gone."""
    last = Snapshot(files=files(A="1", B="2", C="3", D="4"), variables={"V": "5"})
    fresh = Snapshot(files=files(("C", "N"), B="", E="6"), variables={"D": "7", "V": "5"})
    found = kept(last, fresh)
    assert found.snapshot.files == files(("N",), A="1", B="2", C="3", E="6")
    assert found.snapshot.variables == {"D": "7", "V": "5"}
    assert (found.gone, found.empty) == (("variable A", "variable C"), ("variable B",))


def test_integrations_and_their_fields():
    """An optional one that is gone, a field that is."""
    last = Snapshot(
        integrations={"x": integration(a="1", b="2"), "y": integration(a="1"), "z": None}
    )
    fresh = Snapshot(integrations={"x": integration(a="3", b=""), "y": None, "z": integration()})
    found = kept(last, fresh)
    assert found.snapshot.integrations["x"] == integration(a="3", b="2")
    assert found.snapshot.integrations["y"] == integration(a="1")
    assert found.snapshot.integrations["z"] == integration()
    assert (found.gone, found.empty) == (("integration y",), ("integration x: b",))


def test_certificates_of_domains_that_have_none_any_more():
    """A renewed one takes the place of the last one."""
    last = Snapshot(certificates=(certificate("a.test"), certificate("b.test")))
    new = certificate("A.test", bundle="new")
    found = kept(last, Snapshot(certificates=(new,)))
    assert found.snapshot.certificates == (new, certificate("b.test"))
    assert found.gone == ("certificate b.test",)
    assert kept(last, Snapshot()).snapshot.certificates is None
    assert kept(Snapshot(), Snapshot(certificates=())).snapshot.certificates == ()
