"""Frozen values without the price of dataclasses.

Twenty small frozen dataclasses cost about 14 ms at import, more than a whole lean launch; twenty
Records cost 0.1 ms. No module is imported here, on purpose.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, ClassVar, Self, dataclass_transform
else:

    def dataclass_transform(**_: object):  # noqa: ANN201, D103 - only ever seen at run time
        return lambda decorated: decorated


@dataclass_transform(frozen_default=True, kw_only_default=True)
class Record:
    """A frozen, keyword-only value, compared by its fields.

    Fields are the annotations of the class and of its parents, defaults are class attributes
    (shared, so they must be immutable). Fields named in `_redacted` may hold secrets: `repr` never
    shows them, and such a record is never pickled or copied.
    """

    _names: ClassVar[frozenset[str]] = frozenset()
    _required: ClassVar[frozenset[str]] = frozenset()
    _redacted: ClassVar[tuple[str, ...]] = ()

    def __init_subclass__(cls) -> None:
        body = cls.__dict__
        own = [name for name in body.get("__annotations__", ()) if name[0] != "_"]
        if own:
            cls._names = cls._names.union(own)
        cls._required = cls._required.union(own).difference(body)

    def __init__(self, **values: Any) -> None:
        given = values.keys()
        if not (self._required <= given <= self._names):
            missing = sorted(self._required - given)
            surplus = sorted(given - self._names)
            raise TypeError(f"{type(self).__name__}: missing {missing}, unknown {surplus}")
        self.__dict__.update(values)

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError(f"{type(self).__name__} is frozen")

    def __delattr__(self, name: str) -> None:
        raise AttributeError(f"{type(self).__name__} is frozen")

    def __eq__(self, other: object) -> bool:
        if type(other) is not type(self):
            return NotImplemented
        return all(getattr(self, name) == getattr(other, name) for name in self._names)

    def __hash__(self) -> int:
        return hash((type(self), *(getattr(self, name) for name in sorted(self._names))))

    def __repr__(self) -> str:
        shown = (
            f"{name}=<redacted>" if name in self._redacted else f"{name}={getattr(self, name)!r}"
            for name in sorted(self._names)
        )
        return f"{type(self).__name__}({', '.join(shown)})"

    def __reduce_ex__(self, protocol: Any) -> Any:
        if self._redacted:
            raise TypeError(f"{type(self).__name__} may hold secrets: never pickled or copied")
        return super().__reduce_ex__(protocol)

    def replace(self, **changes: Any) -> Self:
        """Return the same value with some fields changed."""
        return type(self)(**{**self.__dict__, **changes})
