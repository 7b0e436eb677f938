"""The files of certificates: names and contents in each layout."""

from __future__ import annotations

from cycle_exec.planning.certificates import targets
from cycle_exec.planning.certificates.selection import choose
from cycle_exec.planning.model import Crypto
from cycle_exec.planning.outputs import Outputs
from cycle_exec.settings.model import CertificateRequest, Settings, Variables
from cycle_exec.sources.model import Snapshot
from tests.support.issued import NOW, answer

RSA, ECDSA = answer("*.a.test", kind="RSA 2048"), answer("*.a.test")
MEMBERS = ("privkey", "cert", "chain", "fullchain")


def files(request, *certificates):
    """What is written for these certificates, by path, and what is obsolete then."""
    chosen, problems, _ = choose(certificates, request, now=NOW, mismatch=lambda *_: None)
    assert problems == []
    outputs = Outputs({})
    settings = Settings(variables=Variables(defaults={"PASSWORD": "pw"}))
    crypto = Crypto(mismatch=lambda *_: None, keystore=lambda path, *_: path.encode())
    targets.add_to(outputs, request, settings, Snapshot(), chosen, crypto)
    outputs.require_good()
    found = {write.path: write.content for write in outputs.writes}
    for write in outputs.writes:
        below = f"{write.domain}/{write.member}" if write.member else write.domain
        assert write.path == f"/c/{below}"
    [obsolete] = {write.obsolete for write in outputs.writes if write.content[:1] == b"-"}
    return found, obsolete


def request(**more):
    return CertificateRequest(directory="/c/", password_from="PASSWORD", **more)


def test_one_kind_of_key_has_the_usual_names():
    """What the other kind has left is obsolete."""
    found, obsolete = files(request(), ECDSA)
    assert set(found) == {f"/c/_wildcard.a.test/{member}.pem" for member in MEMBERS}
    assert obsolete == tuple(
        f"_wildcard.a.test/{member}.{kind}.pem"
        for kind in ("rsa", "ecdsa")
        for member in (*MEMBERS, "combined")
    )


def test_both_kinds_of_keys_have_names_of_their_own_too():
    """The better one has the usual names, and nothing is obsolete."""
    found, obsolete = files(request(formats=("pem", "combined")), RSA, ECDSA)
    endings = ("", ".rsa", ".ecdsa")
    members = (*MEMBERS, "combined")
    home = "/c/_wildcard.a.test"
    assert set(found) == {f"{home}/{one}{ending}.pem" for one in members for ending in endings}
    assert found[f"{home}/privkey.pem"] == found[f"{home}/privkey.ecdsa.pem"]
    assert found[f"{home}/privkey.rsa.pem"] == RSA.private_key.reveal().encode()
    assert obsolete == ()


def test_combined_files_may_be_all_there_is():
    """HAProxy needs no others."""
    found, _ = files(request(formats=("combined",)), ECDSA)
    assert set(found) == {"/c/_wildcard.a.test/combined.pem"}


def test_a_flat_directory_has_one_file_for_each_kind():
    """As HAProxy's crt DIRECTORY reads them, with keystores beside them."""
    flat = request(layout="flat", formats=("pem", "pkcs12"))
    found, obsolete = files(flat, RSA, ECDSA)
    base = "/c/_wildcard.a.test"
    assert set(found) == {f"{base}{end}" for end in (".pem", ".pem.rsa", ".pem.ecdsa", ".p12")}
    assert found[f"{base}.pem"] == found[f"{base}.pem.ecdsa"] != found[f"{base}.pem.rsa"]
    assert found[f"{base}.p12"] == f"{base}.p12".encode()
    assert obsolete == ()
    assert files(flat, RSA)[1] == ("_wildcard.a.test.pem.rsa", "_wildcard.a.test.pem.ecdsa")
    assert targets.paths(flat, "a.test") == {
        "combined": "/c/a.test.pem",
        "keystore": "/c/a.test.p12",
    }


def test_templates_know_the_paths_of_a_folder():
    """Each file by its name."""
    found = targets.paths(request(formats=("pem", "combined", "pkcs12")), "a.test")
    assert found == {
        **{member: f"/c/a.test/{member}.pem" for member in (*MEMBERS, "combined")},
        "keystore": "/c/a.test/keystore.p12",
    }
