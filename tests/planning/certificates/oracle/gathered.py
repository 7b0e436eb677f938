"""All bundles of the oracle, by name."""

from __future__ import annotations

from functools import cache

from tests.planning.certificates.oracle import (
    bundles,
    odd_chains,
    odd_extensions,
    odd_keys,
    odd_members,
    odd_names,
    odd_texts,
)
from tests.planning.certificates.oracle.bundles import Bundle, Later

_MAKERS = (
    *(bundles.kinds, bundles.chains, bundles.dates, bundles.names, bundles.extensions),
    *(bundles.wrappings, odd_chains.chains, odd_extensions.extensions, odd_keys.leaves),
    *(odd_keys.signatures, odd_members.dates, odd_members.members, odd_names.names),
    *(odd_texts.texts, odd_texts.keys),
)


@cache
def every() -> dict[str, Bundle | Later]:
    """All of them."""
    found: dict[str, Bundle | Later] = {}
    for make in _MAKERS:
        for one in make():
            assert one.name not in found, one.name
            found[one.name] = one
    return found


@cache
def of(name: str) -> Bundle:
    """Return the one of a name, made."""
    found = every()[name]
    return found if isinstance(found, Bundle) else found.made()
