"""What OpenSSL says of a bundle as a client: a TLS handshake in memory, without a socket."""

from __future__ import annotations

import os

from cycle_exec.system.crypto import limited
from cycle_exec.system.crypto.key_matches import load, memory_file, openssl

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

# X509_V_FLAG_PARTIAL_CHAIN: what is trusted need not be a root. X509_V_FLAG_NO_CHECK_TIME: dates
# have rules of their own.
_FLAGS = 0x80000 | 0x200000
# Weak keys and signatures have rules of their own, too. Not without a certificate, though.
_EVERYTHING = "ALL:!aNULL:@SECLEVEL=0"
_ACCEPTED, _NO_CONNECTION = 0, -1
_REQUIRED = 2  # ssl.CERT_REQUIRED
_MOST_ROUNDS = 4
_LONGEST = 1  # second, where it takes hundredths


def refusal(privkey: str, sent: str, trusted: str) -> int:
    """Return the code of OpenSSL's error (X509_V_ERR_...) where a client trusts one certificate.

    0: it accepts what is sent. -1: there is no connection for another reason. All are PEM. Raises
    Refused where this machine cannot tell.
    """
    openssl()
    descriptor = memory_file((privkey + sent).encode())

    def found() -> int:
        return _found(descriptor, trusted)

    try:
        try:
            # With a key of absurd size, a signature takes hours.
            answer = limited.within(_LONGEST, lambda: b"%d" % found())
        except OSError:
            return found()
    finally:
        os.close(descriptor)
    return int(answer) if answer else _NO_CONNECTION


def _found(descriptor: int, trusted: str) -> int:
    library = openssl()
    try:
        server = library._SSLContext(int(library.PROTOCOL_TLS_SERVER))
        server.set_ciphers(_EVERYTHING)
        if load(library, server, descriptor) is not None:
            return _NO_CONNECTION
        return _verdict(library, _client(library, trusted), server)
    except library.SSLCertVerificationError as error:
        return int(error.verify_code)
    except library.SSLError:
        return _NO_CONNECTION


def _client(library: Any, trusted: str) -> Any:
    client = library._SSLContext(int(library.PROTOCOL_TLS_CLIENT))
    client.set_ciphers(_EVERYTHING)
    client.check_hostname = False
    client.verify_mode = _REQUIRED
    client.verify_flags = _FLAGS
    client.load_verify_locations(cadata=trusted)
    return client


def _verdict(library: Any, client: Any, server: Any) -> int:
    """Let both talk until the client has judged what the server sends, and has a connection.

    Raises SSLError, as a kind of it SSLCertVerificationError.
    """
    to_client, to_server = library.MemoryBIO(), library.MemoryBIO()
    asking = client._wrap_bio(to_client, to_server, False)
    answering = server._wrap_bio(to_server, to_client, True)
    for end in (asking, answering) * _MOST_ROUNDS:
        try:
            end.do_handshake()
        except library.SSLWantReadError:
            continue
        if end is asking:
            return _ACCEPTED
    return _NO_CONNECTION
