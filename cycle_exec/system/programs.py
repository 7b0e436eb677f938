"""The code of compiled templates is loaded here, for the function it defines."""

from __future__ import annotations

import marshal

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

# Where the build puts the programs of the templates that come with the package.
BUILTINS = "cycle_exec.builtin_programs"


def stored(source: str, name: str) -> bytes:
    """Return the code of a template as bytes, for the interpreter of this version alone."""
    import warnings

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Python's own: it fails when it is rendered
        return marshal.dumps(compile(source, f"<template {name}>", "exec", dont_inherit=True))


def template(code: bytes) -> Callable[[Any, str], Any]:
    """Return what the code calls `template`: see planning.programs.model.Made."""
    names: dict[str, Any] = {}
    # Ours: nobody but root or its owner can have written it.
    exec(marshal.loads(code), names)  # noqa: S102, S302
    found: Callable[[Any, str], Any] = names["template"]
    return found


def builtin(name: str) -> Any:
    """Return the module of a template that comes with the package; None: there is none."""
    try:
        return __import__(f"{BUILTINS}.{module_of(name)}", None, None, ["template"])
    except ImportError:
        return None


def module_of(name: str) -> str:
    """Return the name of the module for "nginx/tls.conf.j2": "nginx_tls_conf_j2"."""
    return "".join(each if each.isalnum() else "_" for each in name)
