"""The files of the chosen certificates: certbot's PEM files, and PKCS #12 as Java reads it."""

from __future__ import annotations

from cycle_exec.planning.certificates.host_names import folder_name
from cycle_exec.planning.certificates.selection import ECDSA, RSA
from cycle_exec.planning.model import CERTIFICATE
from cycle_exec.secret import Secret

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from cycle_exec.planning.certificates.judgement import Usable
    from cycle_exec.planning.model import Crypto
    from cycle_exec.planning.outputs import Outputs
    from cycle_exec.settings.model import CertificateRequest, Settings
    from cycle_exec.sources.model import Snapshot

# Members of Usable, and names of files. An empty chain.pem is written as well: all four names
# always exist, and no file of an earlier certificate stays beside the new ones.
_PEMS = ("privkey", "cert", "chain", "fullchain")
_COMBINED, _KEYSTORE = "combined", "keystore.p12"
_PEM, _P12 = ".pem", ".p12"


def add_to(
    outputs: Outputs,
    request: CertificateRequest,
    settings: Settings,
    snapshot: Snapshot,
    chosen: Mapping[str, Usable],
    crypto: Crypto,
) -> None:
    """Note every file of the chosen certificates, by domain, that the request asks for."""
    for domain, usable in chosen.items():
        begin = len(outputs.writes)
        for ending, one in (("", usable), *usable.kinds):
            _add_pems(outputs, request, domain, ending, one)
        obsolete = _obsolete(request, domain, dict(usable.kinds))
        outputs.writes[begin:] = [
            write.replace(obsolete=obsolete) for write in outputs.writes[begin:]
        ]
    if "pkcs12" in request.formats:
        defaults = settings.variables.defaults
        name = request.password_from
        password = snapshot.variables.get(name) or defaults.get(name, "")
        if _is_password(outputs, name, password):
            _keystores(outputs, request, chosen, crypto, Secret(password))


def paths(request: CertificateRequest, domain: str) -> dict[str, str]:
    """Return where the files of a chosen domain are, by their names in templates."""
    base = f"{request.directory.rstrip('/')}/"
    if _is_flat(request):
        found = {_COMBINED: base + _flat(domain, _PEM)}
        keystore = _flat(domain, _P12)
    else:
        base += f"{folder_name(domain)}/"
        found = {member: f"{base}{member}.pem" for member in _members(request)}
        keystore = _KEYSTORE
    if "pkcs12" in request.formats:
        found["keystore"] = base + keystore
    return found


def _members(request: CertificateRequest) -> tuple[str, ...]:
    """Return the names of the files, as templates have them."""
    return (*_PEMS, _COMBINED) if _COMBINED in request.formats else _PEMS


def _is_flat(request: CertificateRequest) -> bool:
    return request.layout == "flat"


def _flat(domain: str, ending: str) -> str:
    return folder_name(domain) + ending


def _add_pems(
    outputs: Outputs, request: CertificateRequest, domain: str, kind: str, usable: Usable
) -> None:
    """Note the files of one certificate. kind: of its key, where the platform has both, or empty.

    HAProxy knows DOMAIN.pem.rsa and DOMAIN.pem.ecdsa.
    """
    if _is_flat(request):
        name = _flat(domain, f"{_PEM}.{kind}" if kind else _PEM)
        _add(outputs, request, domain, name, "", usable.combined.encode())
        return
    ending = f".{kind}{_PEM}" if kind else _PEM
    for member in _members(request):
        if member == _COMBINED or "pem" in request.formats:
            content = getattr(usable, member).encode()
            _add(outputs, request, domain, folder_name(domain), member + ending, content)


def _obsolete(
    request: CertificateRequest, domain: str, kinds: Mapping[str, Usable]
) -> tuple[str, ...]:
    """Return what a key of a kind has left that the platform no longer has."""
    gone = [kind for kind in (RSA, ECDSA) if kind not in kinds]
    if _is_flat(request):
        return tuple(_flat(domain, f"{_PEM}.{kind}") for kind in gone)
    folder = folder_name(domain)
    return tuple(
        f"{folder}/{member}.{kind}{_PEM}" for kind in gone for member in (*_PEMS, _COMBINED)
    )


def _add(
    outputs: Outputs,
    request: CertificateRequest,
    domain: str,
    below: str,
    member: str,
    content: bytes,
) -> None:
    directory = request.directory.rstrip("/")
    outputs.add(
        request,
        f"{directory}/{below}/{member}" if member else f"{directory}/{below}",
        content,
        kind=CERTIFICATE,
        name=domain,
        directory=directory,
        domain=below,
        member=member,
    )


def _is_password(outputs: Outputs, name: str, text: str) -> bool:
    """Whether this can be the password of a keystore; otherwise the problem is noted."""
    subject = f"scoped variable {name}"
    if not text:
        reason = "is missing or empty, but is the password for keystores"
        outputs.refuse("variable-missing", subject, reason)
    elif not (text.isascii() and text.isprintable()):
        # Java's PBES2 takes nothing else, and others do not agree on how it is encoded.
        reason = "has a character that no keystore password can have: Java accepts ASCII alone"
        outputs.refuse("value-refused", subject, reason)
    else:
        return True
    return False


def _keystores(
    outputs: Outputs,
    request: CertificateRequest,
    chosen: Mapping[str, Usable],
    crypto: Crypto,
    password: Secret,
) -> None:
    """Note the keystore of each domain, its entry named after it."""
    for domain, usable in chosen.items():
        path = paths(request, domain)["keystore"]
        made = crypto.keystore(path, domain, usable.privkey, usable.fullchain, password)
        if isinstance(made, bytes):
            if _is_flat(request):
                _add(outputs, request, domain, _flat(domain, _P12), "", made)
            else:
                _add(outputs, request, domain, folder_name(domain), _KEYSTORE, made)
        else:
            outputs.refuse("certificate-refused", f"certificate {domain}", made)
