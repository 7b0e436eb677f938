"""Elements and times, as OpenSSL reads them."""

from __future__ import annotations

import pytest

from cycle_exec.planning.certificates import der
from cycle_exec.planning.certificates.der import NotDer, Reader


@pytest.mark.parametrize(
    ("data", "content"),
    [
        (b"\x04\x02ab", b"ab"),
        (b"\x04\x81\x02ab", b"ab"),
        (b"\x04\x84\0\0\0\x02ab", b"ab"),
        (b"\x30\x80\x04\x01a\0\0", b"\x04\x01a"),
        (b"\x30\x80\x30\x80\0\0\0\0", b"\x30\x80\0\0"),
    ],
)
def test_ber_is_read_as_der_is(data, content):
    """Lengths longer than needed, and contents that end with a mark."""
    reader = Reader(data + b"rest")
    assert reader.element()[1:] == (content, data)
    assert reader.data[reader.position :] == b"rest"


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\x30",
        b"\x30\x01",
        b"\x30\x82\0\x05a",
        b"\x30\x84\0\0",
        b"\x3f\0",
        b"\x04\x80ab\0\0",
        b"\x30\x80\x04\x01a",
        b"\x30\x80" * 40 + b"\0\0" * 40,
    ],
)
def test_what_is_no_element_is_refused(data):
    """Cut short, of a long tag, without an end, or too deep."""
    with pytest.raises(NotDer):
        Reader(data).element()


@pytest.mark.parametrize(
    ("tag", "text", "seconds"),
    [
        (0x17, b"500101000000Z", -631_152_000),
        (0x17, b"491231235959Z", 2_524_607_999),
        (0x17, b"700101000000Z", 0),
        (0x18, b"20500101000000Z", 2_524_608_000),
        (0x18, b"20000229120000Z", 951_825_600),
    ],
)
def test_times_are_seconds_since_the_epoch(tag, text, seconds):
    """UTCTime with two digits of the year turns at 50, GeneralizedTime has four."""
    assert der.time(tag, text) == seconds


@pytest.mark.parametrize(
    ("tag", "text"),
    [
        (0x17, b"250101000000"),
        (0x17, b"2501010000Z"),
        (0x17, b"250101000000+0100"),
        (0x17, b"20250101000000Z"),
        (0x18, b"250101000000Z"),
        (0x18, b"20250101000000.5Z"),
        (0x18, b"20250229000000Z"),
        (0x18, b"21000229000000Z"),
        (0x18, b"20251301000000Z"),
        (0x18, b"20250001000000Z"),
        (0x18, b"20250100000000Z"),
        (0x18, b"20250101240000Z"),
        (0x18, b"20250101006000Z"),
        (0x18, b"20250101000060Z"),
        (0x18, b"2025010100000\xb2Z"),
        (0x0C, b"20250101000000Z"),
    ],
)
def test_a_time_that_is_none_is_refused(tag, text):
    """Strict: seconds, Z, and a day that exists."""
    with pytest.raises(NotDer):
        der.time(tag, text)
