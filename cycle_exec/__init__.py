"""cycle-exec: the container entrypoint for the Cycle platform, and a client of its internal API."""

__version__ = "0.1.0"

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

TYPE_CHECKING = False
if TYPE_CHECKING:
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

_PLACES = {
    "Client": "client",
    "AsyncClient": "client",
    "ApiError": "errors",
    "NotAuthorized": "errors",
    "NotFound": "errors",
    "ProtocolError": "errors",
    "RateLimited": "errors",
    "Unavailable": "errors",
    "Notification": "notifications",
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
    """The client, when it is touched: a launch must not pay for it (PEP 562)."""
    place = _PLACES.get(name)
    if place is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f"cycle_exec.client.{place}"), name)
