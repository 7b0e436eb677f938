"""The bill of materials of a container that runs cycle-exec, as CycloneDX 1.6 JSON on stdout:

    python .ci/sbom.py VERSION < .ci/requirements/container.txt

All of it is read from the lock: packages, versions, hashes, and from uv's `# via` comments who
needs whom. The same lock, version and SOURCE_DATE_EPOCH give the same bytes.
"""

from __future__ import annotations

import os
import re
import sys
import uuid
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import NamedTuple

from cyclonedx.model import ExternalReference, ExternalReferenceType, HashAlgorithm, HashType, XsUri
from cyclonedx.model.bom import Bom
from cyclonedx.model.component import Component, ComponentType
from cyclonedx.model.license import LicenseAcknowledgement, LicenseExpression
from cyclonedx.output.json import JsonV1Dot6
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from packageurl import PackageURL

ROOT = "cycle-exec"
_PIN = re.compile(r"^([a-z0-9-]+)==([^ ;\\]+)")
_HASH = re.compile(r"--hash=sha256:([0-9a-f]{64})")
_VIA = re.compile(r"^    #(?: via|  ) ([a-z0-9][a-z0-9-]*)")


class Pin(NamedTuple):
    """One package of a lock."""

    name: str
    version: str
    hashes: list[str]
    needed_by: list[str]


def pins(lines: Iterable[str]) -> list[Pin]:
    """The packages of a lock, in its order."""
    found: list[Pin] = []
    for line in lines:
        if pin := _PIN.match(line):
            found.append(Pin(pin[1], pin[2], [], []))
        elif file_hash := _HASH.search(line):
            found[-1].hashes.append(file_hash[1])
        elif found and (via := _VIA.match(line)):
            found[-1].needed_by.append(via[1])
    return found


def bill(version: str, packages: list[Pin], moment: datetime) -> Bom:
    """cycle-exec, what it needs, and who needs what."""
    components = {pin.name: _library(pin) for pin in packages}
    root = Component(
        type=ComponentType.APPLICATION,
        name=ROOT,
        version=version,
        purl=PackageURL("pypi", None, ROOT, version),
        bom_ref=ROOT,
        licenses=[LicenseExpression("Apache-2.0", acknowledgement=LicenseAcknowledgement.DECLARED)],
    )
    made = Bom(components=components.values())
    made.metadata.component = root
    made.metadata.timestamp = moment
    # Not drawn by chance: the same content has the same number.
    content = "\n".join([version, *map(str, packages)])
    made.serial_number = uuid.uuid5(uuid.NAMESPACE_URL, content)
    everyone = {ROOT: root, **components}
    made.register_dependency(root)
    for pin in packages:
        for name in pin.needed_by:
            made.register_dependency(everyone[name], [components[pin.name]])
    return made


def _library(pin: Pin) -> Component:
    files = ExternalReference(
        type=ExternalReferenceType.DISTRIBUTION,
        url=XsUri(f"https://pypi.org/project/{pin.name}/{pin.version}/#files"),
        hashes=[HashType(alg=HashAlgorithm.SHA_256, content=each) for each in pin.hashes],
    )
    return Component(
        type=ComponentType.LIBRARY,
        name=pin.name,
        version=pin.version,
        purl=PackageURL("pypi", None, pin.name, pin.version),
        bom_ref=f"{pin.name}=={pin.version}",
        external_references=[files],
    )


def main() -> None:
    """Write the bill, once it has passed CycloneDX's own schema."""
    moment = datetime.fromtimestamp(int(os.environ["SOURCE_DATE_EPOCH"]), UTC)
    text = JsonV1Dot6(bill(sys.argv[1], pins(sys.stdin), moment)).output_as_string(indent=2)
    if (invalid := JsonStrictValidator(SchemaVersion.V1_6).validate_str(text)) is not None:
        sys.exit(f"the bill of materials is not valid: {invalid}")
    print(text)


main()
