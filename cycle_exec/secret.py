"""Values that will not print, format, pickle or serialise. `.reveal()` is easy to grep for."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import NoReturn


class _Sealed:
    __slots__ = ("_value",)
    _value: object

    def __repr__(self) -> str:
        return "<secret>"

    __str__ = __repr__

    def __format__(self, spec: str) -> str:
        return "<secret>"

    def __bool__(self) -> bool:
        return bool(self._value)

    def __eq__(self, other: object) -> bool:
        if type(other) is not type(self):
            return NotImplemented
        return self._value == other._value

    def __hash__(self) -> int:
        return hash(self._value)

    def __reduce__(self) -> NoReturn:
        raise TypeError("a secret is never pickled or copied; call reveal() where it is needed")


class Secret(_Sealed):
    """Text that must not be shown."""

    __slots__ = ()
    _value: str

    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self) -> str:
        """Return the text itself. Every caller is a place to review."""
        return self._value


class SecretBytes(_Sealed):
    """Bytes that must not be shown."""

    __slots__ = ()
    _value: bytes

    def __init__(self, value: bytes) -> None:
        self._value = value

    def reveal(self) -> bytes:
        """Return the bytes themselves. Every caller is a place to review."""
        return self._value
