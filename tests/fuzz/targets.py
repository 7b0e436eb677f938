"""The table of all targets."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

from tests.fuzz import (
    answers,
    argv,
    chain,
    dotenv,
    http1,
    journal,
    json,
    last_good,
    login,
    manifest,
    notifications,
    openvpn,
    pem,
    state,
    substitution,
    templates,
    toml,
    x509,
)


class Target(NamedTuple):
    """run: raises where a property does not hold. words: what inputs are made of."""

    run: Callable[[bytes], None]
    words: Sequence[bytes]


_MODULES = (
    *(answers, argv, chain, dotenv, http1, journal, json, last_good, login, manifest),
    *(notifications, openvpn, pem, state, substitution, templates, toml, x509),
)
TARGETS = {
    module.__name__.rpartition(".")[2]: Target(module.target, module.WORDS) for module in _MODULES
}
