"""What a compiled template works with: names, loops, macros, what is not there.

They do what Jinja2's objects of the same names do, as long as that is beyond doubt. Whatever would
be an error, or would print what only Jinja2 can print, raises Uncertain: then Jinja2 itself renders
the template, and tells what is wrong with it.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from typing import Any, NoReturn


class Uncertain(Exception):
    """Only Jinja2 can tell what this is."""


class NotFound(Uncertain):
    """There is no file of the name; a template may say that this is no error."""


def uncertain(*_: object, **__: object) -> NoReturn:
    """Raise Uncertain, whatever is asked."""
    raise Uncertain


_PRINTED = frozenset((str, int, float, bool, type(None)))
_PRINTED_BY_MEMBERS = frozenset(
    (list, tuple, dict, bytes, range, type({}.items()), type({}.keys()), type({}.values()))
)


def text_of(value: Any) -> str:
    """Return what a value is printed as; of what prints its address only Jinja2 prints its own."""
    kind = type(value)
    if kind in _PRINTED:
        return str(value)
    if kind in _PRINTED_BY_MEMBERS:
        text = str(value)
        if " at 0x" not in text:
            return text
    if kind is Nothing:
        return ""
    raise Uncertain


def str_join(values: Iterable[Any]) -> str:
    """Return what `~` makes."""
    return "".join(map(text_of, values))


def identity(value: Any) -> Any:
    """Return the value: nothing is escaped."""
    return value


class Missing:
    """The value of a name that has none yet."""

    __slots__ = ()


missing = Missing()


class Undefined:
    """What a name means that is not there: every use is an error, which Jinja2 tells.

    It can be asked for (`is defined`, `default`) and handed on, and nothing else.
    """

    __slots__ = ()

    def __init__(self, *_: object, **__: object) -> None:
        """Take whatever Jinja2 would remember for its message."""

    __str__ = __repr__ = __len__ = __iter__ = __bool__ = uncertain
    __eq__ = __ne__ = __lt__ = __le__ = __gt__ = __ge__ = uncertain
    __hash__ = uncertain
    __add__ = __radd__ = __sub__ = __rsub__ = __mul__ = __rmul__ = uncertain
    __truediv__ = __rtruediv__ = __floordiv__ = __rfloordiv__ = uncertain
    __mod__ = __rmod__ = __pow__ = __rpow__ = __pos__ = __neg__ = uncertain
    __int__ = __float__ = __complex__ = __getitem__ = __contains__ = __call__ = uncertain


class Nothing(Undefined):
    """What an `if` without `else` in an expression gives where it is not true.

    It is empty when it is printed, and false. Every other use is left to Jinja2.
    """

    __slots__ = ()

    def __bool__(self) -> bool:  # type: ignore[override] # the other one never returns
        return False


class Loop:
    """The `loop` of a template, and what the loop runs over: pairs of an item and itself."""

    names = frozenset(
        """
        index0 index revindex0 revindex first last length depth depth0 previtem nextitem cycle
        changed
        """.split()
    )

    __repr__ = uncertain

    def __init__(
        self,
        iterable: Iterable[Any],
        undefined: type[Undefined],
        recurse: Callable[..., str] | None = None,
        depth0: int = 0,
    ) -> None:
        self._iterable = iterable
        self._iterator = iter(iterable)
        self._undefined = undefined
        self._recurse = recurse
        self._length = -1
        self._before: Any = missing
        self._current: Any = missing
        self._after: Any = missing
        self._last_value: Any = missing
        self.index0 = -1
        self.depth0 = depth0

    def __iter__(self) -> Iterator[tuple[Any, Loop]]:
        return self

    def __next__(self) -> tuple[Any, Loop]:
        following = self._after
        if following is missing:
            following = next(self._iterator)
        else:
            self._after = missing
        self.index0 += 1
        self._before = self._current
        self._current = following
        return following, self

    def __len__(self) -> int:
        return self.length

    @property
    def length(self) -> int:
        """How many items there are; what has no length is read to its end."""
        if self._length < 0:
            try:
                self._length = len(self._iterable)  # type: ignore[arg-type]
            except TypeError:
                left = list(self._iterator)
                self._iterator = iter(left)
                self._length = len(left) + self.index + (self._after is not missing)
        return self._length

    @property
    def depth(self) -> int:
        """How deep a recursive loop is, from 1."""
        return self.depth0 + 1

    @property
    def index(self) -> int:
        """The number of the item, from 1."""
        return self.index0 + 1

    @property
    def revindex0(self) -> int:
        """How many items follow."""
        return self.length - self.index

    @property
    def revindex(self) -> int:
        """How many items follow, this one included."""
        return self.length - self.index0

    @property
    def first(self) -> bool:
        """Whether this is the first item."""
        return self.index0 == 0

    @property
    def last(self) -> bool:
        """Whether this is the last item."""
        return self._following() is missing

    @property
    def previtem(self) -> Any:
        """The item before this one."""
        return self._undefined() if self.first else self._before

    @property
    def nextitem(self) -> Any:
        """The item after this one."""
        following = self._following()
        return self._undefined() if following is missing else following

    def _following(self) -> Any:
        if self._after is missing:
            self._after = next(self._iterator, missing)
        return self._after

    def cycle(self, *values: Any) -> Any:
        """Return one of the values by turns."""
        return values[self.index0 % len(values)]

    def changed(self, *value: Any) -> bool:
        """Whether the value is another one than at the last call."""
        if self._last_value != value:
            self._last_value = value
            return True
        return False

    def __call__(self, iterable: Iterable[Any]) -> str:
        """Return what the loop makes of other items."""
        if self._recurse is None:
            raise Uncertain
        return self._recurse(iterable, self._recurse, depth=self.depth)


class Macro:
    """A macro, or what stands between `call` and `endcall`."""

    __repr__ = uncertain

    def __init__(
        self,
        _environment: object,
        function: Callable[..., str],
        _name: str | None,
        parameters: tuple[str, ...],
        catches_named: bool,
        catches_more: bool,
        calls: bool,
        _autoescape: bool,
    ) -> None:
        self._function = function
        self._parameters = parameters
        self._catches_named = catches_named
        self._catches_more = catches_more
        self._calls = calls

    def __call__(self, *given: Any, **named: Any) -> str:
        """Return its text."""
        count = len(self._parameters)
        arguments = list(given[:count])
        caller_is_there = "caller" in self._parameters and len(arguments) == count
        for name in self._parameters[len(arguments) :]:
            caller_is_there = caller_is_there or name == "caller"
            arguments.append(named.pop(name, missing))
        if self._calls and not caller_is_there:
            caller = named.pop("caller", None)
            arguments.append(Undefined() if caller is None else caller)
        if self._catches_named:
            arguments.append(named)
        elif named:
            raise Uncertain
        if self._catches_more:
            arguments.append(given[count:])
        elif len(given) > count:
            raise Uncertain
        return self._function(*arguments)


class Namespace:
    """A `namespace()`, whose members can be set."""

    __slots__ = ("members",)
    __repr__ = uncertain

    def __init__(self, *given: Any, **named: Any) -> None:
        self.members: dict[Any, Any] = dict(*given, **named)

    def __setitem__(self, name: str, value: Any) -> None:
        self.members[name] = value


class Cycler:
    """A `cycler()`: its values by turns."""

    names = frozenset(("current", "next", "reset"))

    __repr__ = uncertain

    def __init__(self, *values: Any) -> None:
        if not values:
            raise Uncertain
        self._values = values
        self._position = 0

    @property
    def current(self) -> Any:
        """The value that is next."""
        return self._values[self._position]

    def next(self) -> Any:
        """Return that value, and go on."""
        found = self.current
        self._position = (self._position + 1) % len(self._values)
        return found

    def reset(self) -> None:
        """Begin again."""
        self._position = 0


class Joiner:
    """A `joiner()`: nothing at the first call, then the separator."""

    __repr__ = uncertain

    def __init__(self, separator: str = ", ") -> None:
        self._separator = separator
        self._used = False

    def __call__(self) -> str:
        """Return what belongs before the next item."""
        if self._used:
            return self._separator
        self._used = True
        return ""


class Group(tuple):  # type: ignore[type-arg] # no arguments at run time
    """A pair of `groupby`: what its members have in common, and the members."""

    names = frozenset(("grouper", "list"))

    @property
    def grouper(self) -> Any:
        """What they have in common."""
        return self[0]

    @property
    def list(self) -> Any:
        """The members."""
        return self[1]


class Block:
    """A block of a template, to be placed by `super()`."""

    __repr__ = uncertain

    def __init__(self, context: Any, stack: list[Callable[[Any], Iterator[str]]], at: int) -> None:
        self._context = context
        self._stack = stack
        self._at = at

    def __call__(self) -> str:
        """Return its text."""
        return "".join(self._stack[self._at](self._context))


class Module:
    """An imported template: what it has set at its top level, and what it has made of it."""

    __slots__ = ("_body_stream", "_exported")
    __repr__ = uncertain

    def __init__(self, exported: Mapping[str, Any], body: list[str]) -> None:
        self._exported = exported
        self._body_stream = body

    def __getattr__(self, name: str) -> Any:
        try:
            return self._exported[name]
        except KeyError:
            raise AttributeError(name) from None
