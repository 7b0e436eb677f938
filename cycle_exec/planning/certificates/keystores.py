"""PKCS #12 files: a domain's key and chain under a password, as Java reads them."""

from __future__ import annotations

from cycle_exec.errors import Problem
from cycle_exec.secret import Secret

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from cycle_exec.planning.certificates.selection import Usable
    from cycle_exec.settings.model import CertificateRequest, Settings
    from cycle_exec.sources.model import Snapshot

    # (path, alias, key, full chain, password) -> the file's content, or why there can be none.
    Keystore = Callable[[str, str, str, str, Secret], bytes | str]

FILE = "keystore.p12"


def password(settings: Settings, snapshot: Snapshot, request: CertificateRequest) -> Secret:
    """Return the password that the manifest names; empty if it is missing."""
    name = request.password_from
    value = snapshot.variables.get(name) or settings.variables.defaults.get(name, "")
    return Secret(value)


def unfit(request: CertificateRequest, given: Secret) -> Problem | None:
    """Why this can be no password of a keystore, or None."""
    subject = f"scoped variable {request.password_from}"
    text = given.reveal()
    if not text:
        reason = "is missing or empty, but is the password for keystores"
        return Problem(kind="variable-missing", subject=subject, reason=reason)
    if not (text.isascii() and text.isprintable()):
        # Java's PBES2 takes nothing else, and others do not agree on how it is encoded.
        reason = "has a character that no keystore password can have: Java accepts ASCII alone"
        return Problem(kind="value-refused", subject=subject, reason=reason)
    return None


def content(
    make: Keystore, request: CertificateRequest, domain: str, usable: Usable, given: Secret
) -> bytes | Problem:
    """Return the keystore of one domain, its entry named after it."""
    from cycle_exec.planning.certificates.selection import folder

    made = make(
        f"{folder(request, domain)}/{FILE}", domain, usable.privkey, usable.fullchain, given
    )
    if isinstance(made, bytes):
        return made
    return Problem(kind="certificate-refused", subject=f"certificate {domain}", reason=made)
