"""The emulator's state file: any text is a state or refused, part by part."""

from __future__ import annotations

from cycle_exec.emulator import scenario
from cycle_exec.emulator.model import State
from cycle_exec.errors import Refused
from tests.fuzz import toml
from tests.fuzz.wording import assert_told

WORDS = (
    *toml.WORDS,
    *(b"[variables]\n", b"[[certificates]]\n", b"[[integrations]]\n", b"[[containers]]\n"),
    *(b"[container]\n", b"[[networks]]\n", b"[[virtual_machines]]\n", b"[services.vpn]\n"),
    *(b"[vpn.users]\n", b"[environment]\n", b"[server]\n", b"[hub]\n", b"[[faults]]\n"),
    *(b'domains = ["a.test"]\n', b"days = ", b'key = "ec"\n', b"serial = ", b'encoding = "pem"\n'),
    *(b'identifier = "a"\n', b"instances = ", b'duration = "5s"\n', b"value = ", b'url = "/x"\n'),
    *(b'vendor = "aws"\n', b'auth = { a = "b" }\n', b'bundle = "x"\n', b'token = "t"\n'),
)


def target(data: bytes) -> None:
    """Each problem is of the file."""
    try:
        found = scenario.parse(data.decode("utf-8", "replace"), "state.toml")
    except Refused as refused:
        assert_told(refused.problems, kinds=("manifest-invalid",))
    else:
        assert isinstance(found, State)
