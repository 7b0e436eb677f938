"""The table of operations in docs/client.md: python -m tests.docs.operations prints it."""

from __future__ import annotations

from cycle_exec.client.exchange import LOGIN
from cycle_exec.client.methods import Methods
from cycle_exec.emulator import writes
from cycle_exec.sources.operations import OPERATIONS
from tests.client.generate import METHODS

# What the emulator does beyond showing its state.
DOES = {
    "getEnvironmentScopedVariables": "variables with a `duration` disappear after it",
    "getEnvironmentIPs": "an address of each kind for each container with a domain",
    "getServerInstancesTelemetry": "sample numbers for each running instance",
    "getServerImages": "the containers' images and downloaded ones",
    "getNetworkInstances": "all instances of the environment, if it has a network",
    "getNetworkEnvironments": "the environment, if it has a network",
    "getContainerCertificates": "issued by the emulator's own CA",
    "getVirtualMachineGateways": "one for each instance of the gateway service",
    "getObjectCache": "404 after the entry has expired",
    "submitLoadBalancerTelemetry": "stored; see `/_emulator/telemetry`",
    "downloadImage": "the image is then on the server",
    "poweroffServer": "every instance stops; needs `power_management`",
    "rebootServer": "every instance runs; variables with a `duration` are available again",
    "createInstanceJob": "the instance's state changes, with a notification",
    "postMetric": "stored; see `/_emulator/metrics`",
    "postEvent": "stored; see `/_emulator/events`",
    "validateVPNLogin": "true for a user in `[vpn.users]`, otherwise 403",
    "postObjectCache": "stored until it expires",
}


def table() -> str:
    """A row for each operation, and one for the notifications."""
    lines = [
        "| operation | method | returns | from a shell: `cycle-exec api ...` | in the emulator |",
        "|---|---|---|---|---|",
    ]
    for name, row in OPERATIONS.items():
        query = "".join(f" -q {word}=..." for word in row.query)
        body = " -d JSON" if name in writes.ANSWERS and name not in _WITHOUT_BODY else ""
        does = DOES.get(name, "from the state file")
        login = " --user NAME" if name == LOGIN else ""
        call = f"`{row.method} {row.path}{query}{body}{login}`"
        returns = getattr(Methods, METHODS[name]).__annotations__["return"]
        lines.append(f"| {name} | `{METHODS[name]}` | `{returns}` | {call} | {does} |")
    does = "one for each change of the state"
    lines.append(
        f"| (notifications) | `notifications` | `Notification` | `notifications` | {does} |"
    )
    return "\n".join(lines) + "\n"


_WITHOUT_BODY = {"poweroffServer", "rebootServer", "validateVPNLogin"}

if __name__ == "__main__":
    print(table(), end="")
