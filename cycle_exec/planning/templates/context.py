"""What a template can name: one mapping from top-level names to plain values."""

from __future__ import annotations

from cycle_exec.sources.model import Integration

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from cycle_exec.planning.certificates.selection import Usable
    from cycle_exec.settings.model import CertificateRequest, Settings
    from cycle_exec.sources.model import Snapshot

_PEMS = ("cert", "chain", "fullchain", "privkey", "combined")


def context(
    settings: Settings,
    snapshot: Snapshot,
    environ: Mapping[str, str],
    certificates: Mapping[str, Usable],
) -> dict[str, object]:
    """Return the names of every template.

    environ: the app's environment as far as it is known. certificates: by domain.
    """
    found: dict[str, object] = {
        "env": environ,
        "variables": _variables(settings, snapshot),
        "integrations": {
            name: _integration(integration)
            for name, integration in snapshot.integrations.items()
            if integration is not None
        },
        "certificates": {
            domain: _certificate(settings.certificates, domain, usable)
            for domain, usable in certificates.items()
        },
        **snapshot.resources,
    }
    if snapshot.domains is not None:
        found["domains"] = list(snapshot.domains)
    return found


def _variables(settings: Settings, snapshot: Snapshot) -> dict[str, str]:
    """Scoped variables by identifier; a default stands for one that is missing or empty."""
    values = dict(snapshot.variables)
    for identifier, value in settings.variables.defaults.items():
        values[identifier] = values.get(identifier) or value
    return values


def _integration(integration: Integration) -> dict[str, object]:
    sections: dict[str, dict[str, str]] = {"auth": {}, "extra": {}}
    for field, value in integration.fields.items():
        section, _, name = field.partition(".")
        sections[section][name] = value
    return {
        "identifier": integration.identifier,
        "vendor": integration.vendor,
        "name": integration.name,
        **sections,
    }


def _certificate(
    request: CertificateRequest | None, domain: str, usable: Usable
) -> dict[str, object]:
    found: dict[str, object] = {name: getattr(usable, name) for name in _PEMS}
    found["domains"] = list(usable.summary.domains)
    found["not_after"] = usable.summary.not_after
    if request is not None and request.directory:
        from cycle_exec.planning.certificates.selection import folder

        place = folder(request, domain)
        paths = {
            name: f"{place}/{name}.pem"
            for name in _PEMS
            if name != "combined" or "combined" in request.formats
        }
        if "pkcs12" in request.formats:
            from cycle_exec.planning.certificates.keystores import FILE

            paths["keystore"] = f"{place}/{FILE}"
        found["paths"] = paths
    return found
