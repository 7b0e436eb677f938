"""What planning needs of cryptography, loaded where it is needed."""

from __future__ import annotations

from cycle_exec.planning.model import Crypto

TYPE_CHECKING = False
if TYPE_CHECKING:
    from cycle_exec.secret import Secret


def _mismatch(privkey: str, fullchain: str) -> str | None:
    from cycle_exec.system.crypto import key_matches

    return key_matches.mismatch(privkey, fullchain)


def _refusal(privkey: str, sent: str, trusted: str) -> int:
    from cycle_exec.system.crypto import handshake

    return handshake.refusal(privkey, sent, trusted)


def _keystore(path: str, alias: str, privkey: str, fullchain: str, password: Secret) -> bytes | str:
    from cycle_exec.system.crypto import keystore_process

    return keystore_process.replacing(path, alias, privkey, fullchain, password)


CRYPTO = Crypto(mismatch=_mismatch, refusal=_refusal, keystore=_keystore)
