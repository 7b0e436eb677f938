"""examples/migration: what a shell entrypoint did and what cycle-exec does, side by side."""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import pytest

from tests.examples.entrypoints import EXAMPLE, STATE, Found, after, before, container, started
from tests.support.emulated import emulated
from tests.support.image import Image
from tests.support.launching import SCRIPT
from tests.support.waiting import PATIENCE

CERTIFICATES = "/etc/cycle/certificates/www.example.test"
ANSWER = "/run/certificate.json"


@pytest.fixture(scope="module")
def both() -> tuple[Found, Found]:
    """Before and after, with values that a shell likes to take apart."""
    awkward = STATE.replace("s3cret", "s3 cret'$HOME`id`").replace("wJalrXUtn", "w/J+ $x 'y'")
    with emulated(awkward) as platform:
        return before(platform), after(platform)


def test_both_give_the_app_the_same(both):
    """Variables, credentials, certificate and config, byte for byte; the differences are named."""
    old, new = both
    assert (old.code, new.code) == (0, 0), old.err + new.err
    # The token, and what a shell adds.
    extra = {"CYCLE_API_TOKEN", "PWD"}
    assert {name: value for name, value in old.environ.items() if name not in extra} == {
        name: value for name, value in new.environ.items() if name not in extra
    }
    assert old.environ["DATABASE_URL"] == "postgres://app:s3 cret'$HOME`id`@db.internal/orders"
    assert old.environ["AWS_SECRET_ACCESS_KEY"] == "w/J+ $x 'y'"
    assert old.environ["LOG_LEVEL"] == "info"
    kept = {path: inside for path, inside in old.files.items() if path != ANSWER}
    assert len(kept) == 3
    assert {path: new.files[path] for path in kept} == kept
    assert new.files.keys() - kept.keys() == {
        f"{CERTIFICATES}/cert.pem",
        f"{CERTIFICATES}/chain.pem",
    }
    config = old.files["/etc/app/app.conf"].decode()
    assert config.startswith("log_level = info\ncache = cache.internal:6379\nbucket = nightly\n")


def test_what_only_one_of_them_keeps_to_itself(both):
    """The key's mode, the token, and the answer that stays behind with the key in it."""
    old, new = both
    assert old.modes[f"{CERTIFICATES}/privkey.pem"] == 0o644
    assert new.modes[f"{CERTIFICATES}/privkey.pem"] == 0o600
    assert old.modes[ANSWER] == 0o644
    assert b"private_key" in old.files[ANSWER]
    assert "CYCLE_API_TOKEN" in old.environ
    assert "CYCLE_API_TOKEN" not in new.environ


@pytest.mark.parametrize(("path", "code"), [("/v1/environment", 2), ("/v1/hub", 22)])
def test_a_platform_that_is_late(path, code):
    """One bad answer ends the script's start; cycle-exec asks again."""
    with emulated(STATE, fail="503:1", fail_path=path) as platform:
        assert before(platform).code == code
    with emulated(STATE, fail="503:1", fail_path=path) as platform:
        assert after(platform).code == 0


def test_a_platform_that_has_no_certificates_to_give():
    """The script starts the app with empty files, behind curl's words."""
    with emulated(STATE, fail="503", fail_path="/v1/containers") as platform:
        old = before(platform)
        assert (old.code, old.files[f"{CERTIFICATES}/privkey.pem"]) == (0, b"")
        new = after(platform, "--deadline", "300ms")
        assert (new.code, new.environ, new.files) == (69, {}, {})


FAULTS = {
    "no bucket": (("extra = { bucket", "extra = { bukket"), 0, 65, "extra.bucket is not set"),
    "no certificate": (("www.example.test", "shop.example.test"), 0, 65, "www.example.test"),
    "a name with a dash": (
        ("CACHE_HOST =", 'db-password = "x"\nCACHE_HOST ='),
        2,
        0,
        "DB_PASSWORD",
    ),
    "a name that runs code": (("CACHE_HOST =", 'LD_PRELOAD = "/x"\nCACHE_HOST ='), 0, 65, "LD_PR"),
    "nothing required": (("CACHE_HOST =", "CACHE ="), 2, 65, "CACHE_HOST"),
}


@pytest.mark.parametrize(
    ("change", "old_code", "new_code", "name"), FAULTS.values(), ids=FAULTS.keys()
)
def test_what_the_platform_may_send(change, old_code, new_code, name):
    """What the script lets through or dies of, and what cycle-exec says."""
    assert change[0] in STATE
    with emulated(STATE.replace(*change)) as platform:
        old, new = before(platform), after(platform)
    assert (old.code, new.code) == (old_code, new_code), (old, new)
    if new_code == 0:
        assert name in new.environ
    else:
        assert name in new.err
        assert (new.environ, new.files) == ({}, {})


def test_a_failure_that_nobody_notices():
    """dash's echo breaks the JSON, export hides that jq failed: the app starts without its keys."""
    with emulated(STATE.replace("wJalrXUtn", "wJal\\nrXUtn")) as platform:
        old, new = before(platform), after(platform)
    assert old.environ["AWS_ACCESS_KEY_ID"] == old.environ["AWS_SECRET_ACCESS_KEY"] == ""
    assert new.environ["AWS_ACCESS_KEY_ID"] == "AKIAEXAMPLE"
    assert new.environ["AWS_SECRET_ACCESS_KEY"] == "wJal\nrXUtn"


def test_where_sh_is_bash():
    """The end of a key is cut off there, where dash's echo breaks."""
    with emulated(STATE.replace("wJalrXUtn", "key\\n")) as platform:
        old = started(platform, "bash", "/srv/app/before.sh")
        new = after(platform)
    assert old.environ["AWS_SECRET_ACCESS_KEY"] == "key"
    assert new.environ["AWS_SECRET_ACCESS_KEY"] == "key\n"


def test_a_platform_that_sends_pem_as_it_is():
    """base64 ends the script with a file half written."""
    with emulated(STATE.replace('"base64"', '"pem"')) as platform:
        old, new = before(platform), after(platform)
    assert (old.code, old.environ, new.code) == (1, {}, 0)
    assert f"{CERTIFICATES}/fullchain.pem" in old.files
    assert f"{CERTIFICATES}/privkey.pem" in new.files


def test_the_token_is_in_curls_arguments():
    """Whoever looks into /proc meanwhile has it; not so with cycle-exec."""
    state = STATE.replace("dev-token", "token-of-this-test")
    with emulated(state, latency="300ms") as platform:
        for words, seen in ((("sh", "/srv/app/before.sh"), True), ((str(SCRIPT), "--"), False)):
            with container(platform) as image, ThreadPoolExecutor(1) as pool:
                run = pool.submit(image.run, *words, "true", CYCLE_API_TOKEN=platform.token)
                found = set()
                while not run.done():
                    time.sleep(0.02)
                    found |= {line for line in _arguments() if platform.token in line}
                assert run.result().returncode == 0, run.result().stderr
            assert bool(found) == seen, found


def _arguments() -> Iterator[str]:
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        with suppress(OSError):
            yield path.read_text(errors="replace")


def test_the_script_can_stay_for_a_while():
    """Below cycle-exec, with the token, it does what it did."""
    with emulated(STATE) as platform:
        alone = before(platform)
        words = (str(SCRIPT), "--keep-token", "--", "sh", "/srv/app/before.sh")
        below = started(platform, *words)
    assert (below.code, below.environ) == (0, alone.environ), below.err
    assert {path: below.files[path] for path in alone.files} == alone.files


def test_the_example_runs_on_a_laptop():
    """ENTRYPOINT and CMD below `dev`, with the example's own state."""
    with Image(EXAMPLE) as image, image.running() as running:
        assert running.process.wait(PATIENCE) == 0, running.log
        assert "AWS_ACCESS_KEY_ID=AKIAEXAMPLE\n" in running.log
        assert "bucket = nightly\n" in running.log
