"""The table of operations in docs/client.md: python -m tests.docs.operations prints it."""

from __future__ import annotations

from cycle_exec.emulator import writes
from cycle_exec.sources.operations import OPERATIONS
from tests.client.generate import METHODS

# What the emulator does beyond showing its state.
DOES = {
    "getEnvironmentScopedVariables": "those with a `duration` until it is over",
    "getEnvironmentIPs": "an address of each kind for a container with a domain",
    "getServerInstancesTelemetry": "numbers for each instance that is running",
    "getServerImages": "the containers' images, and those that were fetched",
    "getNetworkInstances": "all of the environment, if it has a network",
    "getNetworkEnvironments": "the environment, if it has a network",
    "getContainerCertificates": "issued by its own CA",
    "getVirtualMachineGateways": "one for each instance of the gateway service",
    "getObjectCache": "404 after it has expired",
    "submitLoadBalancerTelemetry": "kept, `/_emulator/telemetry`",
    "downloadImage": "the server holds it",
    "poweroffServer": "every instance stops; needs `power_management`",
    "rebootServer": "every instance runs; variables with a `duration` are there again",
    "createInstanceJob": "the instance's state changes, with a notification",
    "postMetric": "kept, `/_emulator/metrics`",
    "postEvent": "kept, `/_emulator/events`",
    "validateVPNLogin": "true for a user of `[vpn.users]`, else 403",
    "postObjectCache": "kept until it expires",
}


def table() -> str:
    """A row for each operation, and one for the notifications."""
    lines = [
        "| operation | method | from a shell: `cycle-exec api ...` | in the emulator |",
        "|---|---|---|---|",
    ]
    for name, row in OPERATIONS.items():
        query = "".join(f" -q {word}=..." for word in row.query)
        body = " -d JSON" if name in writes.ANSWERS and name not in _WITHOUT_BODY else ""
        does = DOES.get(name, "from the state")
        call = f"`{row.method} {row.path}{query}{body}`"
        lines.append(f"| {name} | `{METHODS[name].name}` | {call} | {does} |")
    does = "one for each change of the state"
    lines.append(f"| (notifications) | `notifications` | `notifications` | {does} |")
    return "\n".join(lines) + "\n"


_WITHOUT_BODY = {"poweroffServer", "rebootServer", "validateVPNLogin"}

if __name__ == "__main__":
    print(table(), end="")
