"""cycle-exec: the container entrypoint for the Cycle platform, and a client of its internal API."""

# Variables that change how this interpreter works. An image sets them for its own Python app;
# the launcher must not obey them. Harmless ones (PYTHONUNBUFFERED, PYTHON_VERSION...) are not
# here, for starting the interpreter again costs as much as a third of a launch.
INTERPRETER_VARIABLES = frozenset(
    """
    PYTHONPATH PYTHONHOME PYTHONINSPECT PYTHONVERBOSE PYTHONDEBUG PYTHONWARNINGS PYTHONDEVMODE
    PYTHONOPTIMIZE PYTHONMALLOC PYTHONMALLOCSTATS PYTHONTRACEMALLOC PYTHONPROFILEIMPORTTIME
    PYTHONPYCACHEPREFIX PYTHONPLATLIBDIR PYTHONEXECUTABLE PYTHONINTMAXSTRDIGITS PYTHONDUMPREFS
    PYTHONDUMPREFSFILE PYTHONPERFSUPPORT PYTHONUSERBASE PYTHONCASEOK PYTHONIOENCODING
    PYTHONFROZENMODULES PYTHON_FROZEN_MODULES PYTHON_PRESITE PYTHONASYNCIODEBUG
    """.split()
)


def bundle_path() -> str:
    """Return where `cycle-exec compile` puts the modules of the launch; see system.bundle."""
    import sys

    return f"{__path__[0]}/__pycache__/{__name__}.{sys.implementation.cache_tag}.bundle"


TYPE_CHECKING = False
if TYPE_CHECKING:
    from cycle_exec import types as types
    from cycle_exec.client.client import AsyncClient, Client
    from cycle_exec.client.errors import (
        ApiError,
        NotAuthorized,
        NotFound,
        ProtocolError,
        RateLimited,
        Unavailable,
    )
    from cycle_exec.client.notifications import Notification
    from cycle_exec.version import __version__ as __version__

_PLACES = {
    "__version__": "version",
    "Client": "client.client",
    "AsyncClient": "client.client",
    "ApiError": "client.errors",
    "NotAuthorized": "client.errors",
    "NotFound": "client.errors",
    "ProtocolError": "client.errors",
    "RateLimited": "client.errors",
    "Unavailable": "client.errors",
    "Notification": "client.notifications",
    "types": "types",
}
__all__ = [
    "ApiError",
    "AsyncClient",
    "Client",
    "NotAuthorized",
    "NotFound",
    "Notification",
    "ProtocolError",
    "RateLimited",
    "Unavailable",
]


def __getattr__(name: str) -> object:
    """Import the client when it is touched: a launch must not pay for it (PEP 562)."""
    place = _PLACES.get(name)
    if place is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    module = import_module(f"cycle_exec.{place}")
    return module if name == place else getattr(module, name)


def __dir__() -> list[str]:
    return sorted({*globals(), *_PLACES})
