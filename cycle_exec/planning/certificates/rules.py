"""All rules, each with its name, its severity and its reason; docs/certificates.md shows them."""

from __future__ import annotations

from cycle_exec.planning.certificates import checks
from cycle_exec.record import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from cycle_exec.planning.certificates.checks import Case
    from cycle_exec.settings.model import CertificateRequest

REFUSE, WARN, PASS = "refuse", "warn", "pass over"


class Rule(Record):
    """One rule. severity: refuse, warn or pass over. what, why: for people.

    check: yields what is wrong, in words; None: it is decided where the texts are read, or where
    a certificate is chosen. expiry: a refusal that allow_expired turns into a warning.
    """

    name: str
    severity: str
    what: str
    why: str
    check: Callable[[Case], Iterator[str]] | None = None
    expiry: bool = False

    def of(self, request: CertificateRequest) -> str:
        """Return the severity under these settings."""
        return WARN if self.expiry and request.allow_expired else self.severity


def _rule(
    name: str,
    severity: str,
    check: Callable[[Case], Iterator[str]] | None,
    what: str,
    why: str,
    expiry: bool = False,
) -> Rule:
    return Rule(name=name, severity=severity, check=check, what=what, why=why, expiry=expiry)


_NOBODY = "no client accepts it"
RULES = (
    _rule(
        "bundle-text",
        REFUSE,
        None,
        "the bundle is not PEM or base64 of PEM, lost its line ends, or has a block that is no "
        "certificate: DH PARAMETERS, a revocation list, PKCS7",
        "what servers make of it differs; the block is named by its label",
    ),
    _rule(
        "key-in-bundle",
        REFUSE,
        None,
        "a private key is inside the bundle",
        "files that may be public would contain it",
    ),
    _rule(
        "key-text",
        REFUSE,
        None,
        "the private key is missing, encrypted, unreadable, or there are two",
        "nobody could type a password; a server would take the first of two",
    ),
    _rule(
        "key-of-the-leaf",
        REFUSE,
        None,
        "the private key does not match the first certificate; if it matches a later one, the "
        "leaf is not first",
        "no server starts with them",
    ),
    _rule(
        "openssl-refuses",
        REFUSE,
        None,
        "OpenSSL cannot read the bundle, or calls the leaf invalid",
        "no server starts with it",
    ),
    _rule(
        "covered",
        REFUSE,
        None,
        "a domain of `domains` is not covered by a DNS name (a wildcard covers one label, and "
        "needs two behind it)",
        _NOBODY,
    ),
    _rule(
        "underscore",
        REFUSE,
        None,
        "a wanted domain contains an underscore, or is not a host name for another reason",
        "certificate authorities do not issue for them, clients disagree, and directories are "
        "named after domains",
    ),
    _rule(
        "leaf-unreadable",
        REFUSE,
        checks.leaf_unreadable,
        "the dates or DNS names of the leaf cannot be read",
        "nobody can say whether it is valid",
    ),
    _rule("leaf-not-yet-valid", REFUSE, checks.leaf_early, "the leaf is not valid yet", _NOBODY),
    _rule(
        "leaf-expired", REFUSE, checks.leaf_expired, "the leaf has expired", _NOBODY, expiry=True
    ),
    _rule(
        "leaf-without-names",
        REFUSE,
        checks.without_names,
        "the leaf has no DNS name",
        "browsers, Go and Python ignore the common name",
    ),
    _rule(
        "issuer-key",
        REFUSE,
        checks.issuer_key,
        "the leaf's issuer has another key identifier or serial number than the leaf says, and "
        "none that fits is in the bundle",
        _NOBODY,
    ),
    _rule(
        "issuer-no-authority",
        REFUSE,
        checks.issuer_is_leaf,
        "the leaf's issuer may not sign certificates",
        _NOBODY,
    ),
    _rule(
        "issuer-unreadable",
        REFUSE,
        checks.issuer_unreadable,
        "the dates of the leaf's issuer cannot be read",
        _NOBODY,
    ),
    _rule(
        "issuer-not-yet-valid",
        REFUSE,
        checks.issuer_early,
        "the leaf's issuer is not valid yet",
        _NOBODY,
    ),
    _rule(
        "issuer-expired",
        REFUSE,
        checks.issuer_expired,
        "the leaf's issuer has expired",
        _NOBODY,
        expiry=True,
    ),
    _rule(
        "expires-soon",
        WARN,
        checks.ends_soon,
        "the leaf or its issuer expires in fewer than `minimum_days` days, or in less than a "
        "third of the leaf's lifetime if that is less",
        "it was not renewed",
    ),
    _rule(
        "no-intermediate",
        WARN,
        checks.no_intermediate,
        "the leaf's issuer is not in the bundle, although the leaf names where to get it "
        "(caIssuers), or other certificates are in the bundle",
        "only clients that trust the issuer itself accept it",
    ),
    _rule(
        "not-for-servers",
        WARN,
        checks.leaf_not_for_servers,
        "the leaf is not for servers (extendedKeyUsage), or its key not for TLS (keyUsage)",
        "OpenSSL and most browsers reject it",
    ),
    _rule(
        "false-issuer",
        WARN,
        checks.false_issuer,
        "a certificate that may not sign others has the issuer's name and key, and stands before "
        "the real one",
        "OpenSSL stops at it, others go on",
    ),
    _rule(
        "path-length",
        WARN,
        checks.path_length,
        "an issuer allows fewer intermediates below it than there are (pathlen)",
        "clients that find another chain accept it",
    ),
    _rule(
        "further-issuers",
        WARN,
        checks.further_issuers,
        "an issuer above the leaf's issuer has another key, or may not sign certificates",
        "clients that find another chain accept it",
    ),
    _rule(
        "further-dates",
        WARN,
        checks.further_dates,
        "an issuer above the leaf's issuer is outside its dates",
        "clients that find another chain accept it",
    ),
    _rule(
        "order",
        WARN,
        checks.order,
        "the chain is complete, but in another order",
        "servers send it as it is, and old clients need the order",
    ),
    _rule(
        "weak-key",
        WARN,
        checks.weak_key,
        "an RSA key of fewer than 2048 bits, or a curve other than P-256, P-384 and P-521",
        "most clients, and servers on Debian, reject it",
    ),
    _rule(
        "weak-signature",
        WARN,
        checks.weak_signature,
        "a signature with MD2, MD5 or SHA-1, except of a root",
        "most clients reject it",
    ),
    _rule(
        "unsure",
        WARN,
        checks.unsure,
        "an extension that clients evaluate cannot be read, or occurs twice",
        "OpenSSL rejects it, others may not",
    ),
    _rule(
        "further-names",
        PASS,
        None,
        "further names in the platform's record: not covered, not ASCII, with an underscore, with "
        "a dot at the end, addresses. Without `domains`, a host name that is not covered is "
        "warned of and left out",
        "nobody asked for them",
    ),
    _rule(
        "other-names",
        PASS,
        None,
        "DNS names of a certificate that are not ASCII",
        "they cover no host name",
    ),
    _rule(
        "surplus",
        PASS,
        None,
        "certificates that occur twice, further issuers of the same name, and others behind a "
        "complete chain",
        "clients look for what they need; the files contain them",
    ),
    _rule(
        "spelling",
        PASS,
        None,
        "issuer and subject that differ in letter case, blanks or string type",
        "they are the same name (RFC 5280, 7.1)",
    ),
)
