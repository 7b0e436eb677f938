"""A certificate that runs out while the app runs."""

from __future__ import annotations

import time
from typing import Any

from tests.launching.reload.conftest import reloading
from tests.support.emulated import emulated
from tests.support.hostile import CERTIFICATES, VARIABLES, data, hostile, reply
from tests.support.issued import Issuer, certificate, key, key_pem, name, pem

HOST = "app.example.test"
MANIFEST = """reload_interval = "200ms"
[certificates]
directory = "@/certificates"
minimum_days = 0
"""
APP = "trap 'exit 7' TERM; echo \"start $PLAIN\"; while :; do sleep 0.02; done"


def served(until: float, number: int = 0) -> dict[str, Any]:
    """A certificate of the platform that is good until then."""
    own, subject = key("P-256", number), name(HOST)
    leaf = certificate(
        subject,
        own,
        Issuer(subject, own),
        names=(HOST,),
        not_before=int(time.time()) - 86_400,
        not_after=int(until),
    )
    return {"id": "1", "domains": [HOST], "bundle": pem(leaf), "private_key": key_pem(own)}


def test_it_blocks_nothing(ground):
    """A rotated value is taken; a new certificate that is over already is refused."""
    end = time.time() + 10
    with hostile(variables={"PLAIN": "one", "PAGE": "x"}) as api:
        api.on("/v1/notifications", reply(404, {}))
        api.on(CERTIFICATES, data([served(end)]))
        with reloading(api, ground, MANIFEST, "sh", "-c", APP) as run:
            assert run.app() == "start one"
            time.sleep(max(0.0, end + 1.5 - time.time()))
            api.on(VARIABLES, data({"PLAIN": "two", "PAGE": "x"}))
            assert run.app() == "start two"
            run.says("it has expired")
            file = ground / "certificates" / HOST / "cert.pem"
            before = file.read_bytes()
            api.on(CERTIFICATES, data([served(end, 1)]))
            assert "it has expired (certificate-refused)" in run.says("reload failed")
            assert file.read_bytes() == before
            api.on(CERTIFICATES, data([served(time.time() + 86_400 * 30, 2)]))
            run.says("reloaded in")
            assert file.read_bytes() != before
            assert run.end() == 7
        assert len([line for line in run.said if "reload failed" in line]) == 1


KEYSTORES = """
[variables]
exclude = ["STORE", "OTHER"]
[certificates]
directory = "@/certificates"
layout = "flat"
formats = ["pem", "pkcs12"]
password_from = "STORE"
on_change = "restart"
"""


def test_a_look_leaves_a_flat_keystore_as_it_is(ground):
    """It is encrypted anew only for another certificate or password: the app is not restarted."""

    def state(other: int, serial: int) -> str:
        lines = ['token = "t"', "[variables]", 'PLAIN = "one"', 'STORE = "any pass"']
        lines += [f'OTHER = "{other}"', "[[certificates]]", f'domains = ["{HOST}"]']
        return "\n".join([*lines, f"serial = {serial}"])

    store = ground / "certificates" / f"{HOST}.p12"
    with (
        emulated(state(1, 1)) as platform,
        reloading(platform, ground, KEYSTORES, "sh", "-c", APP) as run,
    ):
        assert run.app() == "start one"
        run.says("listening for notifications")
        before = store.read_bytes()
        for other in (2, 3):
            platform.state.write_text(state(other, 1))
            assert run.silent(0.5)
        assert store.read_bytes() == before
        platform.state.write_text(state(3, 2))
        assert run.app() == "start one"
        assert store.read_bytes() != before
        assert run.end() == 7
    assert len([line for line in run.said if "reloaded in" in line]) <= 1
