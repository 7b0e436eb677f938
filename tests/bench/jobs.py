"""The jobs that contenders do: what the API answers, what the image holds, what must come out."""

from __future__ import annotations

import json
import os
import time
from base64 import b64encode
from functools import cache
from pathlib import Path
from typing import NamedTuple

from cryptography import x509
from cryptography.x509.oid import AuthorityInformationAccessOID, ExtendedKeyUsageOID

from tests.support import issued

TOKEN = "bench-0123456789abcdef0123456789abcdef"
VARIABLES = "/v1/environment/scoped-variables"
CERTIFICATES = "/v1/containers/certificates"

# What templates use. Their values are plain: envsubst cannot quote.
_NAMED = {
    "SERVER_NAME": "www.example.test",
    "SERVER_ROOT": "/srv/www/current/public",
    "LISTEN_ADDRESS": "0.0.0.0:8443",
    "UPSTREAM_HOST": "api-7f9c.internal.example.test",
    "UPSTREAM_PORT": "9000",
    "DATABASE_HOST": "db-primary.internal.example.test",
    "DATABASE_NAME": "orders_production",
    "DATABASE_USER": "orders",
    "DATABASE_PASSWORD": "kZ8-fUq2_wNx7Lr4tYb1",
    "CACHE_URL": "redis://cache.internal.example.test:6379/2",
    "LOG_LEVEL": "warning",
    "WORKERS": "8",
}
# What a shell gets wrong if it takes values for more than data.
_AWKWARD = (
    'it\'s "quoted", $HOME, $(id) and `id`',
    "-----BEGIN NOTE-----\nline two\tand a tab\nline three\n-----END NOTE-----",
    "grüße, 東京, 🚀",
    '{"json": ["a", {"b": null}], "text": "back\\\\slash"}',
    "postgres://orders:p%40ss@db-primary.internal.example.test:5432/orders?sslmode=require",
    "",
)
_TEXTS = (
    """\
# site @NUMBER@
server {
    listen @LISTEN_ADDRESS@ ssl;
    server_name @SERVER_NAME@;
    root @SERVER_ROOT@;
    access_log /dev/stdout combined;
    location / {
        proxy_pass http://@UPSTREAM_HOST@:@UPSTREAM_PORT@;
        proxy_set_header Host $host;
        proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
        proxy_read_timeout 60s;
    }
    location = /health {
        return 200 "@SERVER_NAME@\\n";
    }
}
""",
    """\
; settings @NUMBER@
[database]
host = @DATABASE_HOST@
name = @DATABASE_NAME@
user = @DATABASE_USER@
password = @DATABASE_PASSWORD@
pool_size = @WORKERS@
[cache]
url = @CACHE_URL@
timeout = 250
[log]
level = @LOG_LEVEL@
format = json
""",
    """\
# workers @NUMBER@
service:
  name: @SERVER_NAME@
  workers: @WORKERS@
  listen: @LISTEN_ADDRESS@
  log:
    level: @LOG_LEVEL@
    target: stdout
  queue:
    url: @CACHE_URL@
    retries: 5
  upstream:
    host: @UPSTREAM_HOST@
    port: @UPSTREAM_PORT@
""",
)
# What people write: loops, conditions, defaults, filters and quoting, and what comes out of it.
_REALISTIC = (
    (
        """\
# site @NUMBER@
{% set upstream = env.UPSTREAM_HOST|required("UPSTREAM_HOST is empty")|bare_word %}
{% set port = env.UPSTREAM_PORT|default("8080", true)|int %}
{% macro location(path, last) %}
    location {{ path }} {
        proxy_pass http://{{ upstream }}:{{ port }};
        proxy_set_header Host $host;
{% if last %}
        proxy_read_timeout 60s;
{% endif %}
    }
{% endmacro %}
server {
    listen {{ env.LISTEN_ADDRESS|default("0.0.0.0:443", true)|bare_word }} ssl;
    server_name {{ env.SERVER_NAME|quote_nginx }};
{% for domain, certificate in certificates|dictsort if domain == "www0.example.test" %}
    ssl_certificate {{ certificate.paths.fullchain|replace("/" ~ domain, "/www0.example.test") }};
{% endfor %}
{% if env.SERVER_ROOT is defined and env.SERVER_ROOT.startswith("/") %}
    root {{ env.SERVER_ROOT|quote_nginx }};
{% endif %}
{% for path in (env.NO_SUCH_ROUTES|default("/, /api/")).split(",") if path.strip() %}
{{ location(path.strip(), loop.last) }}
{%- endfor %}
}
""",
        """\
# site @NUMBER@
server {
    listen @LISTEN_ADDRESS@ ssl;
    server_name "@SERVER_NAME@";
    ssl_certificate @CERTIFICATES@/www0.example.test/fullchain.pem;
    root "@SERVER_ROOT@";
    location / {
        proxy_pass http://@UPSTREAM_HOST@:@UPSTREAM_PORT@;
        proxy_set_header Host $host;
    }
    location /api/ {
        proxy_pass http://@UPSTREAM_HOST@:@UPSTREAM_PORT@;
        proxy_set_header Host $host;
        proxy_read_timeout 60s;
    }
}
""",
    ),
    (
        """\
# cache @NUMBER@
{% set level = env.LOG_LEVEL|default("notice", true)|lower %}
loglevel {{ level if level in ("debug", "verbose", "notice", "warning") else "notice" }}
port 0
tls-port {{ env.REDIS_PORT|default("6379", true)|bare_word }}
{% if env.DATABASE_PASSWORD %}
requirepass {{ env.DATABASE_PASSWORD|quote_redis }}
{% endif %}
{% for save in ("3600 1", "300 100", "60 10000") %}
save {{ save }}
{% endfor %}
io-threads {{ [env.WORKERS|int, 4]|min }}
dir {{ env.SERVER_ROOT ~ "/redis" }}
""",
        """\
# cache @NUMBER@
loglevel @LOG_LEVEL@
port 0
tls-port 6379
requirepass "@DATABASE_PASSWORD@"
save 3600 1
save 300 100
save 60 10000
io-threads 4
dir @SERVER_ROOT@/redis
""",
    ),
    (
        """\
# settings @NUMBER@
{% for name, value in env|dictsort if name.startswith("DATABASE_") %}
{{ name }}={{ value|quote_dotenv }}
{% endfor %}
{% set debug = env.DEBUG|default("false")|lower %}
DEBUG={{ 1 if debug in ("1", "true", "yes") else 0 }}
CACHE_URL={{ env.CACHE_URL|quote_dotenv }}
{% if env.WORKERS|int > 4 %}
POOL={{ env.WORKERS|int * 2 }}
{% else %}
POOL=4
{% endif %}
""",
        """\
# settings @NUMBER@
DATABASE_HOST="@DATABASE_HOST@"
DATABASE_NAME="@DATABASE_NAME@"
DATABASE_PASSWORD="@DATABASE_PASSWORD@"
DATABASE_USER="@DATABASE_USER@"
DEBUG=0
CACHE_URL="@CACHE_URL@"
POOL=16
""",
    ),
)
_INTEGRATIONS: tuple[tuple[str, str, str, dict[str, str | None], dict[str, str]], ...] = (
    (
        "s3-backups",
        "aws",
        "S3",
        {"key_id": "AKIAEXAMPLE0001", "secret": "w+J/al'r$X=", "region": "eu-west-1"},
        {"bucket": "orders-backups"},
    ),
    (
        "mail",
        "mailgun",
        "MAIL",
        {"api_key": "key-3ax6xnjp29jd6fds4gc373sgvjxteol0", "region": None},
        {"domain": "mg.example.test"},
    ),
    (
        "search",
        "elastic",
        "SEARCH",
        {"key_id": "elastic", "secret": "hunter2 and more"},
        {"endpoint": "https://search.example.test", "index": "orders-v3"},
    ),
)


class Size(NamedTuple):
    """How much there is of everything; the base job by default.

    realistic: whether templates have loops, conditions and filters; else they only substitute.
    They name a certificate.
    """

    variables: int = 50
    integrations: int = 3
    certificates: int = 2
    templates: int = 3
    realistic: bool = False


class Target(NamedTuple):
    """A file that must be there, with this content and mode."""

    content: bytes
    mode: int


class Job(NamedTuple):
    """A job in its folder.

    bodies: what the API answers to each target. environ: what the contender inherits. variables:
    what the app must have on top of it. targets: files by path; `optional` ones only we write.
    """

    name: str
    manifest: str
    bodies: dict[str, bytes]
    environ: dict[str, str]
    variables: dict[str, str]
    targets: dict[str, Target]
    optional: dict[str, Target]
    output: Path


def job(folder: Path, name: str, size: Size, *, output: Path | None = None) -> Job:
    """Lay out a job below the folder. output: where targets go, if not below the folder, too."""
    home = folder / name
    image = home / "image"
    image.mkdir(parents=True)
    into = (output or home) / f"{name}-output"
    found = Job(
        name=name,
        manifest=str(home / "cycle-exec.toml"),
        bodies={VARIABLES: _data(_values(size.variables))},
        environ=_inherited(image, into),
        variables=dict(_values(size.variables)),
        targets={},
        optional={},
        output=into,
    )
    lines = [_table("api", timeout="5s")]
    for each in _INTEGRATIONS[: size.integrations]:
        lines.append(_integration(found, *each))
    if size.certificates:
        lines.append(_certificates(found, size.certificates))
    for number in range(size.templates):
        lines.append(_template(found, image, number, size.realistic))
    Path(found.manifest).write_text("\n".join(lines))
    return found


def _inherited(image: Path, output: Path) -> dict[str, str]:
    return {
        "PATH": os.defpath + ":/usr/sbin:/sbin",
        "HOME": "/root",
        "HOSTNAME": "bench",
        "CYCLE_API_TOKEN": TOKEN,
        "CYCLE_INSTANCE_ID": "64b7f1e2c3d4a5b6c7d8e9f0",
        "TEMPLATES": str(image),
        "TARGETS": str(output),
    }


@cache
def _values(count: int) -> dict[str, str]:
    values = dict(_NAMED)
    for number in range(count - len(values)):
        # Now and then an awkward one, else some forty characters.
        text = f"value {number} " + "0123456789abcdef" * (1 + number % 3)
        values[f"APP_SETTING_{number:04d}"] = _AWKWARD[number % 60] if number % 60 < 6 else text
    return values


def _data(value: object) -> bytes:
    return json.dumps({"data": value}).encode()


def _table(name: str, **members: object) -> str:
    lines = [f"{key} = {json.dumps(value)}" for key, value in members.items()]
    return "\n".join([f"[{name}]", *lines, ""])


def _integration(
    job: Job,
    identifier: str,
    vendor: str,
    prefix: str,
    auth: dict[str, str | None],
    extra: dict[str, str],
) -> str:
    document = {
        "id": "64b7f1e2c3d4a5b6c7d8e9f1",
        "name": identifier.title(),
        "identifier": identifier,
        "vendor": vendor,
        "auth": auth,
        "extra": extra,
        "state": {"current": "live"},
    }
    job.bodies[f"/v1/hub/integrations?identifier={identifier}"] = _data(document)
    for name, value in {**auth, **extra}.items():
        if value is not None:
            job.variables[f"{prefix}_{name.upper()}"] = value
    return _table("[integrations]", identifier=identifier, prefix=prefix)


def _template(job: Job, image: Path, number: int, realistic: bool) -> str:
    kind = ("conf", "ini", "yaml")[number % 3]
    name = f"{number:03d}.{kind}"
    jinja, text = _REALISTIC[number % 3] if realistic else (_TEXTS[number % 3],) * 2
    jinja, text = (each.replace("@NUMBER@", str(number)) for each in (jinja, text))
    text = text.replace("@CERTIFICATES@", f"{job.output}/certificates")
    shell = result = text
    for variable, value in _NAMED.items():
        jinja = jinja.replace(f"@{variable}@", f"{{{{ env.{variable} }}}}")
        shell = shell.replace(f"@{variable}@", f"${{{variable}}}")
        result = result.replace(f"@{variable}@", value)
    (image / f"{name}.j2").write_text(jinja)
    (image / f"{name}.tmpl").write_text(shell)
    target = str(job.output / name)
    job.targets[target] = Target(result.encode(), 0o644)
    return _table("[templates]", source=str(image / f"{name}.j2"), target=target, mode="0644")


def _certificates(job: Job, count: int) -> str:
    folder = job.output / "certificates"
    documents = []
    for number in range(count):
        domain = f"www{number}.example.test"
        leaf, chain, key = _issued(domain, number)
        documents.append(
            {
                "id": f"64b7f1e2c3d4a5b6c7d9{number:04d}",
                "hub_id": "64b7f1e2c3d4a5b6c7d8e9f2",
                "domains": [domain],
                "bundle": b64encode((leaf + chain).encode()).decode(),
                "private_key": b64encode(key.encode()).decode(),
            }
        )
        place = f"{folder}/{domain}"
        job.targets[f"{place}/fullchain.pem"] = Target((leaf + chain).encode(), 0o600)
        job.targets[f"{place}/privkey.pem"] = Target(key.encode(), 0o600)
        job.optional[f"{place}/cert.pem"] = Target(leaf.encode(), 0o600)
        job.optional[f"{place}/chain.pem"] = Target(chain.encode(), 0o600)
    job.bodies[CERTIFICATES] = _data(documents)
    return _table("certificates", directory=str(folder))


def _extensions(own: issued.Key, by: issued.Issuer) -> tuple[x509.ExtensionType, ...]:
    """Return what public authorities put into each certificate."""
    uri = x509.UniformResourceIdentifier
    issuers = AuthorityInformationAccessOID.CA_ISSUERS
    return (
        x509.SubjectKeyIdentifier.from_public_key(own.public_key()),
        x509.AuthorityKeyIdentifier.from_issuer_public_key(by.key.public_key()),
        x509.KeyUsage(*(at in (0, 5) for at in range(9))),
        x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]),
        x509.AuthorityInformationAccess(
            [x509.AccessDescription(issuers, uri("http://ca.test/i.crt"))]
        ),
        x509.CRLDistributionPoints(
            [x509.DistributionPoint([uri("http://ca.test/l.crl")], None, None, None)]
        ),
        x509.CertificatePolicies(
            [x509.PolicyInformation(x509.ObjectIdentifier("2.23.140.1.2.1"), None)]
        ),
    )


@cache
def _issued(domain: str, number: int) -> tuple[str, str, str]:
    """Leaf, intermediate and key, good today. RSA 2048 and P-256 by turns."""
    start = int(time.time()) - issued.DAY
    own = issued.key("RSA 2048" if number % 2 == 0 else "P-256")
    end = start + 60 * issued.DAY
    leaf = issued.certificate(
        issued.name(domain),
        own,
        issued.MIDDLE,
        names=(domain,),
        not_before=start,
        not_after=end,
        extensions=_extensions(own, issued.MIDDLE),
    )
    middle = issued.certificate(
        issued.MIDDLE.name,
        issued.MIDDLE.key,
        issued.ROOT,
        authority=True,
        not_before=start,
        not_after=end,
        extensions=_extensions(issued.MIDDLE.key, issued.ROOT),
    )
    return issued.pem(leaf), issued.pem(middle), issued.key_pem(own)
