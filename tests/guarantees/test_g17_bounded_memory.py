"""G17: a body has at most 16 MiB, however it comes, and the launch at its peak less than 100 MB."""

from __future__ import annotations

import subprocess
import sys
from typing import NamedTuple

import pytest

from tests.support.hostile import (
    HUB,
    INTEGRATIONS,
    VARIABLES,
    after_information,
    chunked,
    endless,
    endless_body,
    endless_chunks,
    endless_headers,
    endless_information,
    hostile,
    huge_length,
    reply,
    until_close,
)
from tests.support.launching import SCRIPT, Ground
from tests.support.waiting import given_time

MEBIBYTE = 1 << 20
CAP = 16 * MEBIBYTE
PEAK = 100 * 1000 * 1000

# A process inherits its parent's peak over fork, so a small one stands between; it waits for the
# launch alone and tells how much memory that took at most, as the kernel counts it.
SPAWNER = """
import os, sys
child = os.posix_spawn(sys.argv[1], sys.argv[1:], os.environ)
_, status, usage = os.wait4(child, 0)
print(os.waitstatus_to_exitcode(status), usage.ru_maxrss * 1024)
"""


class Measured(NamedTuple):
    """How a launch ended, and its peak in bytes."""

    code: int
    peak: int
    err: str


@pytest.fixture
def ground(tmp_path):
    made = Ground(tmp_path)
    made.template("{{ variables.A | length }}")
    return made


@pytest.fixture
def api():
    with hostile() as running:
        yield running


def measured(ground, api, *options):
    words = [sys.executable, "-I", "-S", "-c", SPAWNER, str(SCRIPT), *map(str, options)]
    done = subprocess.run(
        [*words, "--", "true"],
        env=ground.environ(api),
        cwd=ground.inputs,
        capture_output=True,
        text=True,
        check=True,
    )
    code, peak = done.stdout.split()
    return Measured(int(code), int(peak), done.stderr)


def of_size(size, start=b'{"data": {"A": "', fill=b"x", end=b'"}}'):
    """A JSON body of exactly this many bytes."""
    count, rest = divmod(size - len(start) - len(end), len(fill))
    return start + fill * count + b"x" * rest + end


FRAMINGS = {"a length": lambda body: reply(200, body), "chunks": lambda body: chunked(body, 65_536),
            "the end of the connection": until_close}  # fmt: skip


@pytest.mark.parametrize("framing", FRAMINGS)
def test_a_body_of_16_mebibytes_is_accepted_and_one_byte_more_is_not(ground, api, framing):
    """The cap is the same for every framing, and the launch stays small on both sides of it."""
    files = ground.manifest(
        '[variables]\nfiles = { A = { target = "@/a" } }\n[api]\ndeadline = "20s"'
    )
    api.on(VARIABLES, FRAMINGS[framing](of_size(CAP)))
    found = measured(ground, api, "--manifest", files)
    assert found.code == 0, found
    assert found.peak < PEAK
    assert (ground.folder / "a").stat().st_size == CAP - 19
    api.on(VARIABLES, FRAMINGS[framing](of_size(CAP + 1)))
    found = measured(ground, api, "--manifest", files)
    assert (found.code, "larger than 16 MiB" in found.err) == (65, True), found
    assert found.peak < PEAK


def pairs():
    return b'{"data": {' + b",".join(b'"%07x": ""' % number for number in range(1_000_000)) + b"}}"


ATTACKS = {
    "chunks for ever": endless_chunks(),
    "tiny chunks": endless(chunked(b'{"data": "', end=False), b"2\r\nxx\r\n" * 5000),
    "a body without an end": endless_body(),
    "headers for ever": endless_headers(),
    "a header without an end": endless(b"HTTP/1.1 200 OK\r\nX: ", b"x" * 65_536),
    "continue for ever": endless_information(),
    "a chunk size without an end": endless(chunked(b"", end=False), b"0" * 65_536),
    "trailers for ever": endless(chunked(b"{}")[:-2], b"X: y\r\n" * 10_000),
    "a terabyte announced": huge_length(),
    "a terabyte in a chunk": endless(chunked(b"", end=False) + b"ffffffffff\r\n", b"x" * 65_536),
    "a thousand times 100 before it": after_information(reply(200, of_size(CAP)), *[100] * 1000),
    "one wide character": reply(200, of_size(CAP, end='\U0001f980"}}'.encode())),
    "one escaped wide character": reply(200, of_size(CAP, end=b'\\ud83e\\udd80"}}')),
    "nothing but escapes": reply(200, of_size(CAP, fill=b"\\u0041")),
    "wide text": reply(200, of_size(CAP, fill="\U0001f980".encode())),
    "empty lists": reply(200, of_size(CAP, b'{"data": [[]', b",[]", b"]}")),
    "empty objects": reply(200, of_size(CAP, b'{"data": [{}', b",{}", b"]}")),
    "numbers": reply(200, of_size(CAP, b'{"data": [1000', b",1000", b"]}")),
    "names": reply(200, pairs()),
    "quotes": reply(200, of_size(CAP, b'{"data": [""', b',""', b"]}")),
    "escaped quotes": reply(200, of_size(CAP, fill=b'\\"')),
    "nested lists": reply(200, of_size(CAP, b"[", b"[", b"")),
    "an error of 16 MiB": reply(400, of_size(CAP, b'{"error": {"code": "400.', end=b'"}}')),
    "503 with 16 MiB": reply(503, of_size(CAP)),
    "503 until the end": [endless_body(), reply(503, of_size(CAP)), endless_chunks()],
}


@pytest.mark.parametrize("attack", ATTACKS)
def test_no_answer_makes_the_launch_large(ground, api, attack):
    """Refused, or too large for the environment, and below the peak all the way."""
    api.on(VARIABLES, ATTACKS[attack])
    found = measured(ground, api, "--deadline", "1500ms")
    assert found.code in (65, 69), found
    assert found.peak < PEAK, f"{found.peak / 1e6:.0f} MB: {found.err}"


def test_many_large_answers_together_do_not_make_it_large(ground, api):
    """Each is under the cap, all together are not."""
    body = of_size(10 * MEBIBYTE)
    api.on(VARIABLES, reply(200, body)).on(INTEGRATIONS, reply(200, body))
    more = [word for number in range(10) for word in ("--integration", f"i{number}")]
    found = measured(ground, api, *more)
    assert found.code == 65, found
    assert "all responses together are larger than 24 MiB" in found.err
    assert found.peak < PEAK


def test_what_templates_ask_for_counts_with_the_rest(ground, api):
    """Two good answers just below the total."""
    api.on(VARIABLES, reply(200, of_size(12 * MEBIBYTE - 1000)))
    api.on(HUB, reply(200, of_size(12 * MEBIBYTE - 1000)))
    ground.template("{{ hub.A | length }}")
    target = ground.folder / "page.html"
    found = measured(ground, api, "--template", f"{ground.inputs}/page.j2:{target}")
    assert found.code == 65, found
    assert "variable A" in found.err
    assert found.peak < PEAK


def test_a_usual_launch_is_small(ground, api):
    """With a template and certificates: far below the limit."""
    options = (
        *("--template", f"{ground.inputs}/page.j2:{ground.folder}/page.html"),
        *("--certificates", ground.folder / "pem"),
    )
    api.world.variables = {"A": "c4n4ry"}
    found = measured(ground, api, *options)
    assert found.code == 0, found
    assert found.peak < 40_000_000


# A value of the platform's as a width, a count or a precision; 3 GB and more where nothing bounds
# it, in one step or in many.
WIDTHS = """
    's'.center(n)
    's'|center(n)
    's'.ljust(n)
    's'.rjust(n)
    '1'.zfill(n)
    '\\t'.expandtabs(n)
    's' * n
    n * 's'
    [1] * n
    (1, 2) * n
    'a\\nb'|indent(n)
    'a\\nb\\nc'|indent(s * 16000000)
    {'a': 1}|to_json(n)
    {'a': 1}|tojson(n)
    {'a': [1]}|to_json(s * 16000000)
    [1]|batch(n, 's')|list
    [1]|slice(n)|list
    '%*d' % (n, 1)
    '%.*f' % (n, 0.5)
    ('%' ~ n ~ 'd') % 1
    ('%' ~ n ~ 's')|format('s')
    '{:{}}'.format(1, n)
    ('{:>' ~ n ~ '}').format('s')
    ('{:.' ~ n ~ 'f}').format(0.5)
    '{a:{b}}'.format_map({'a': 1, 'b': n})
    'aaaaaaaaaaaaaaaa'.replace('a', 's' * 16000000)
    'aaaaaaaaaaaaaaaa'|replace('a', 's' * 16000000)
    ('s' * 16000000).join('aaaaaaaaaaaaaaaa')
    'aaaaaaaaaaaaaaaa'|join('s' * 16000000)
    'aaaaaaaaaaaaaaaa'.translate({97: 's' * 16000000})
    's s s s s s s s'|wordwrap(1, wrapstring='s' * 16000000)
    range(99999)|map('center', 1000000)|list
    range(99999)|map('center', 1000000)|join
    range(99999)|map('string')|map('indent', 1000000, true)|list
    (1).to_bytes(n, 'big')
    range(n)
    5|round(-n)
    5|round(n, 'ceil')
    's'|truncate(n * 's')
    ['s' * 16000000, 's' * 16000000, 's' * 16000000, 's' * 16000001]|join('s')
    '\U0001f600' * 16000000
""".strip().splitlines()
TEMPLATES = [f"{{{{ {each.strip()} }}}}" for each in WIDTHS] + [
    "{% set x = namespace(t='s' * 1000) %}"
    "{% for i in range(99) %}{% set x.t = x.t ~ x.t %}{% endfor %}{{ x.t|length }}",
    "{% set x = namespace(t=[s]) %}"
    "{% for i in range(99) %}{% set x.t = x.t + x.t %}{% endfor %}{{ x.t|length }}",
    "{% set x = namespace(t={}) %}"
    "{% for i in range(99999) %}{% set x.t = dict(x.t, **{'k%s' % i: 's'.center(9999)}) %}"
    "{% if i > 9999 %}{{ 1 / 0 }}{% endif %}{% endfor %}",
    "{% for i in range(99999) %}{{ 's'.center(999) }}{% endfor %}",
]


@pytest.mark.parametrize("template", TEMPLATES)
def test_a_value_is_no_width(ground, api, template):
    """Whatever it is taken for, what is made of it is bounded."""
    api.on(VARIABLES, reply(200, {"data": {"N": "4700000000"}}))
    source = ground.template("{% set n = variables.N|int %}{% set s = 's' %}" + template)
    found = measured(
        ground, api, "--deadline", "30s", "--template", f"{source}:{ground.folder}/out"
    )
    assert found.peak < PEAK, found
    assert found.code == 65, found
    assert "(template-failed)" in found.err


@pytest.mark.parametrize(
    "template",
    [
        "{% for x in [1]|slice(n) %}{% endfor %}",
        "{{ [1]|slice(n)|map('length')|sum }}",
        "{{ lipsum(n=n) }}",
        "{% for i in range(99999) %}{% for j in range(99999) %}{% endfor %}{% endfor %}",
        "{{ range(99999)|map('center', 9999)|map('length')|sum }}" * 200,
    ],
)
def test_what_goes_on_for_ever_ends_at_the_deadline(ground, api, template):
    """Small, but long."""
    api.on(VARIABLES, reply(200, {"data": {"N": "4700000000"}}))
    source = ground.template("{% set n = variables.N|int %}" + template)
    words = ("--template", f"{source}:{ground.folder}/out", "--deadline")
    found, _ = given_time(
        1000,
        lambda deadline: measured(ground, api, *words, f"{deadline}ms"),
        lambda found: found.code != 69 or "scoped variables" not in found.err,
    )
    assert found.peak < PEAK, found
    assert "it was not ready before the deadline" in found.err, found
