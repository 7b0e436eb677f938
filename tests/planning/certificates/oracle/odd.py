"""What odd bundles are made of: a leaf and its issuer, byte by byte."""

from __future__ import annotations

from typing import Any

from tests.planning.certificates.oracle.bundles import HOST, LEAF_KEY, MIDDLE, ROOT
from tests.planning.certificates.oracle.forge import Extension, ca, certificate, dns
from tests.support.issued import Issuer


def leaf(*extensions: Extension, by: Issuer = MIDDLE, **more: Any) -> str:
    """A leaf for the host, unless the extensions have names."""
    has_names = any(kind == "2.5.29.17" for kind, _, _ in extensions)
    return certificate(
        "odd", LEAF_KEY, by, *(() if has_names else (dns(HOST),)), *extensions, **more
    )


def middle(*extensions: Extension, own: Issuer = MIDDLE, by: Issuer = ROOT, **more: Any) -> str:
    """An authority, unless the extensions say otherwise."""
    has_constraints = any(kind == "2.5.29.19" for kind, _, _ in extensions)
    given = (*(() if has_constraints else (ca(),)), *extensions)
    more.setdefault("subject", own.name.public_bytes())
    return certificate("", own.key, by, *given, **more)
