"""The kind of a certificate's key and signature, in words, and whether clients call it weak."""

from __future__ import annotations

from cycle_exec.planning.certificates.der import (
    BITS,
    INTEGER,
    OID,
    SEQUENCE,
    NotDer,
    Reader,
    single,
)

RSA_WORD, EC_WORD = "RSA", "EC"
_RSA = bytes.fromhex("2a864886f70d010101")
_RSA_PSS = bytes.fromhex("2a864886f70d01010a")
_PSS_HASH = 0xA0
_EC = bytes.fromhex("2a8648ce3d0201")
_CURVES = {
    bytes.fromhex("2a8648ce3d030107"): "P-256",
    bytes.fromhex("2b81040022"): "P-384",
    bytes.fromhex("2b81040023"): "P-521",
}
_OTHER_KEYS = {bytes.fromhex("2b6570"): "Ed25519", bytes.fromhex("2b6571"): "Ed448"}
_SHORTEST_RSA = 2048  # bits; what OpenSSL's security level 2 and all browsers ask for
# Bits; OPENSSL_RSA_MAX_MODULUS_BITS: OpenSSL verifies no signature of longer ones.
LONGEST_RSA = 16_384

# Their hashes; that of RSA-PSS is among its parameters, SHA-1 if it is absent.
_SHA_1 = bytes.fromhex("2b0e03021a")
_WEAK_SIGNATURES = {
    bytes.fromhex("2a864886f70d010102"): "MD2",
    bytes.fromhex("2a864886f70d010103"): "MD4",
    bytes.fromhex("2a864886f70d010104"): "MD5",
    bytes.fromhex("2b2403030102"): "RIPEMD-160",
    bytes.fromhex("2b0e03021d"): "SHA-1",
    bytes.fromhex("2a864886f70d010105"): "SHA-1",
    bytes.fromhex("2a8648ce3d0401"): "SHA-1",
    bytes.fromhex("2a8648ce380403"): "SHA-1",
}


def described(content: bytes) -> tuple[str, str, str]:
    """Return the kind of a subjectPublicKeyInfo, the same again if it is too weak, and once more if
    it is too large.
    """
    key = Reader(content)
    algorithm = Reader(key.expect(SEQUENCE))
    kind = algorithm.expect(OID)
    bits = key.expect(BITS)
    try:
        if kind in (_RSA, _RSA_PSS):
            modulus = single(bits[1:], SEQUENCE).expect(INTEGER)
            length = int.from_bytes(modulus, "big").bit_length()
            said = f"{RSA_WORD} {length}"
            weak = said if length < _SHORTEST_RSA else ""
            return said, weak, said if length > LONGEST_RSA else ""
        if kind == _EC:
            curve = algorithm.expect(OID) if algorithm.peek() == OID else b""
            said = f"{EC_WORD} {_CURVES.get(curve, 'of another curve')}"
            return said, "" if curve in _CURVES else said, ""
    except NotDer:
        pass
    return _OTHER_KEYS.get(kind, "unknown kind"), "", ""


def weak_signature(algorithm: bytes) -> str:
    """Return the hash of a signature that clients no longer accept, else nothing.

    Raises NotDer where it has no name.
    """
    reader = Reader(algorithm)
    kind = reader.expect(OID)
    if kind != _RSA_PSS:
        return _WEAK_SIGNATURES.get(kind, "")
    try:
        parameters = Reader(reader.expect(SEQUENCE))
        if parameters.peek() == _PSS_HASH:
            kind = single(parameters.expect(_PSS_HASH), SEQUENCE).expect(OID)
            return "SHA-1" if kind == _SHA_1 else ""
    except NotDer:
        return ""
    return "SHA-1"
