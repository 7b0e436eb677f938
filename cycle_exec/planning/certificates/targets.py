"""The files of the chosen certificates: certbot's PEM files, and PKCS #12 as Java reads it."""

from __future__ import annotations

from cycle_exec.planning.certificates.host_names import folder_name
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


def add_to(
    outputs: Outputs,
    request: CertificateRequest,
    settings: Settings,
    snapshot: Snapshot,
    chosen: Mapping[str, Usable],
    crypto: Crypto,
) -> None:
    """Note every file of the chosen certificates, by domain, that the request asks for."""
    members = _PEMS if "pem" in request.formats else ()
    if _COMBINED in request.formats:
        members = (*members, _COMBINED)
    for domain, usable in chosen.items():
        for member in members:
            content = getattr(usable, member).encode()
            _add(outputs, request, domain, f"{member}.pem", content)
    if "pkcs12" in request.formats:
        defaults = settings.variables.defaults
        name = request.password_from
        password = snapshot.variables.get(name) or defaults.get(name, "")
        if _is_password(outputs, name, password):
            _keystores(outputs, request, chosen, crypto, Secret(password))


def paths(request: CertificateRequest, domain: str) -> dict[str, str]:
    """Return where the files of a chosen domain are, by their names in templates."""
    folder = _folder(request, domain)
    members = (*_PEMS, _COMBINED) if _COMBINED in request.formats else _PEMS
    found = {member: f"{folder}/{member}.pem" for member in members}
    if "pkcs12" in request.formats:
        found["keystore"] = f"{folder}/{_KEYSTORE}"
    return found


def _folder(request: CertificateRequest, domain: str) -> str:
    return f"{request.directory.rstrip('/')}/{folder_name(domain)}"


def _add(
    outputs: Outputs, request: CertificateRequest, domain: str, member: str, content: bytes
) -> None:
    folder = _folder(request, domain)
    directory, _, below = folder.rpartition("/")
    outputs.add(
        request,
        f"{folder}/{member}",
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
        path = f"{_folder(request, domain)}/{_KEYSTORE}"
        made = crypto.keystore(path, domain, usable.privkey, usable.fullchain, password)
        if isinstance(made, bytes):
            _add(outputs, request, domain, _KEYSTORE, made)
        else:
            outputs.refuse("certificate-refused", f"certificate {domain}", made)
