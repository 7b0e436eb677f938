"""The last good copy: sealed bytes that are not ours are refused, and what was in it returns."""

from __future__ import annotations

from cycle_exec.secret import SecretBytes
from cycle_exec.sources import last_good
from cycle_exec.system.crypto import encryption
from tests.fuzz.wording import assert_ours

_KEY = SecretBytes(b"00112233445566778899aabbccddeeff" * 2)

WORDS = (
    *(encryption.MAGIC, b"k", b"s", b'{"version":1,"created":1,"answers":{', b"}}", b'"/v1/hub":'),
    *(b"[200,", b"[404,", b'"eyJkYXRhIjpudWxsfQ=="', b"]", b",", b"null", b"true", b"-1", b"1e9"),
    b'{"version":1,"created":1700000000,"answers":{"/v1/hub":[200,"eyJkYXRhIjpudWxsfQ=="]}}',
)


def target(data: bytes) -> None:
    """As the sealed file, and as what was in it."""
    try:
        encryption.decrypt(_KEY, data)
        raise AssertionError("nobody without the key can make a copy")
    except encryption.Broken as broken:
        assert_ours(broken.reason)
    assert encryption.decrypt(_KEY, encryption.encrypt(_KEY, data)) == data
    try:
        copy = last_good.parse(data)
    except last_good.NotUsable as refused:
        assert_ours(refused.reason)
        return
    assert last_good.parse(last_good.encode(copy)) == copy
