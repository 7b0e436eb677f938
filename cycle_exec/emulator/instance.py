"""What the platform puts around an instance besides the API: variables and the metadata file."""

from __future__ import annotations

from cycle_exec.emulator.documents import table
from cycle_exec.emulator.model import World
from cycle_exec.settings.model import TOKEN

# What the app gets where the state takes any token.
ANY = "dev-token"


def variables(world: World) -> dict[str, str]:
    """Return the CYCLE_* variables of the world's own instance, as the platform sets them.

    Source of the names: the platform's page on container environment variables.
    """
    container = next(item for item in world.containers if item["id"] == world.own)
    instance = next((item for item in world.instances if item["container_id"] == world.own), {})
    provider = table(world.server, "provider")
    address = table(table(instance, "environment"), "ipv6")
    found = {
        TOKEN: world.token or ANY,
        "CYCLE_CONTAINER_ID": world.own,
        "CYCLE_CONTAINER_IDENTIFIER": container.get("identifier"),
        "CYCLE_ENVIRONMENT_ID": world.environment.get("id"),
        "CYCLE_CLUSTER": world.environment.get("cluster"),
        "CYCLE_INSTANCE_ID": instance.get("id"),
        "CYCLE_INSTANCE_IPV6_IP": address.get("ip"),
        "CYCLE_INSTANCE_IPV6_CIDR": address.get("cidr"),
        "CYCLE_LOCATION_ID": world.server.get("location_id"),
        "CYCLE_PROVIDER_VENDOR": provider.get("vendor"),
        "CYCLE_PROVIDER_LOCATION": provider.get("location"),
        "CYCLE_SERVER_ID": world.server.get("id"),
    }
    deployment = table(instance, "deployment").get("version")
    if deployment is not None:
        found["CYCLE_DEPLOYMENT_VERSION"] = deployment
    return {name: str(value) for name, value in found.items() if value is not None}


def metadata(world: World) -> dict[str, object]:
    """Return the environment metadata file: four members of the environment."""
    names = ("id", "deployments", "private_network", "services")
    return {name: world.environment.get(name) for name in names}
