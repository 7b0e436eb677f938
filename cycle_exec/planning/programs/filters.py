"""Jinja2's own filters, for compiled templates: those that need no module beside them.

Named after what Jinja2 calls them. What is wrong with a value raises whatever it raises: then
Jinja2 does it again, and tells it.
"""

from __future__ import annotations

from cycle_exec.planning.programs import text_filters
from cycle_exec.planning.programs.objects import Group, Uncertain, Undefined, text_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from typing import Any

    # See runtime, which knows these tables.
    Context = Any
    Environment = Any
    EvaluationContext = Any

    Function = Callable[..., Any]

_MOST_DIGITS = 300
_PLAIN = frozenset((str, list, tuple, dict, int, float, bool, type(None)))


def _lower(value: Any) -> Any:
    return value.lower() if isinstance(value, str) else value


def _same(value: Any) -> Any:
    return value


def _parts(attribute: Any) -> list[Any]:
    if attribute is None:
        return []
    if isinstance(attribute, str):
        return [int(part) if part.isdigit() else part for part in attribute.split(".")]
    return [attribute]


def _getter(
    environment: Environment, attribute: Any, change: Function = _same, default: Any = None
) -> Function:
    """Return what takes a member, or a member of a member, of an item."""
    parts = _parts(attribute)

    def get(item: Any) -> Any:
        for part in parts:
            item = environment.getitem(item, part)
            if default is not None and isinstance(item, Undefined):
                item = default
        return change(item)

    return get


def _case(case_sensitive: bool) -> Function:
    return _same if case_sensitive else _lower


def do_attr(environment: Environment, value: Any, name: str) -> Any:
    if type(value) not in _PLAIN:
        raise Uncertain
    return environment.getattr(value, name) if hasattr(value, name) else Undefined()


def do_batch(value: Iterable[Any], linecount: int, fill_with: Any = None) -> Iterator[list[Any]]:
    row: list[Any] = []
    for item in value:
        if len(row) == linecount:
            yield row
            row = []
        row.append(item)
    if row:
        if fill_with is not None and len(row) < linecount:
            row += [fill_with] * (linecount - len(row))
        yield row


def do_default(value: Any, default_value: Any = "", boolean: Any = False) -> Any:
    return default_value if isinstance(value, Undefined) or (boolean and not value) else value


def do_dictsort(
    value: Mapping[Any, Any], case_sensitive: Any = False, by: str = "key", reverse: Any = False
) -> list[tuple[Any, Any]]:
    at = {"key": 0, "value": 1}[by]
    case = _case(case_sensitive)
    return sorted(value.items(), key=lambda pair: case(pair[at]), reverse=reverse)


def do_first(_environment: Environment, seq: Iterable[Any]) -> Any:
    return next(iter(seq), Undefined())


def do_last(_environment: Environment, seq: Any) -> Any:
    return next(iter(reversed(seq)), Undefined())


def do_float(value: Any, default: Any = 0.0) -> Any:
    try:
        return float(value)
    except (TypeError, ValueError):
        return default


def do_groupby(
    environment: Environment,
    value: Iterable[Any],
    attribute: Any,
    default: Any = None,
    case_sensitive: Any = False,
) -> list[Group]:
    key = _getter(environment, attribute, _case(case_sensitive), default)
    exact = _getter(environment, attribute, _same, default)
    found: list[Group] = []
    last: Any = found  # no key is this list
    for item in sorted(value, key=key):
        now = key(item)
        if last is found or not (now is last or now == last):
            found.append(Group((now if case_sensitive else exact(item), [])))
            last = now
        found[-1].list.append(item)
    return found


def do_int(value: Any, default: Any = 0, base: int = 10) -> Any:
    try:
        return int(value, base) if isinstance(value, str) else int(value)
    except (TypeError, ValueError):
        try:
            return int(float(value))
        except (TypeError, ValueError, OverflowError):
            return default


def do_items(value: Any) -> Iterator[tuple[Any, Any]]:
    if isinstance(value, Undefined):
        return
    if type(value) is not dict:
        raise Uncertain
    yield from value.items()


def do_join(
    evaluation: EvaluationContext, value: Iterable[Any], d: Any = "", attribute: Any = None
) -> str:
    if attribute is not None:
        value = map(_getter(evaluation.environment, attribute), value)
    return text_of(d).join(map(text_of, value))


def do_list(_evaluation: EvaluationContext, value: Iterable[Any]) -> list[Any]:
    return list(value)


def do_map(context: Context, value: Any, *args: Any, **kwargs: Any) -> Iterator[Any]:
    if not value:
        return
    environment = context.environment
    if not args and "attribute" in kwargs:
        attribute, default = kwargs.pop("attribute"), kwargs.pop("default", None)
        if kwargs:
            raise Uncertain
        get = _getter(environment, attribute, _same, default)
        for item in value:
            yield get(item)
    else:
        name, *rest = args
        for item in value:
            yield environment.call_filter(name, item, tuple(rest), kwargs, context)


def do_max(
    environment: Environment,
    value: Iterable[Any],
    case_sensitive: Any = False,
    attribute: Any = None,
) -> Any:
    return _extreme(max, environment, value, case_sensitive, attribute)


def do_min(
    environment: Environment,
    value: Iterable[Any],
    case_sensitive: Any = False,
    attribute: Any = None,
) -> Any:
    return _extreme(min, environment, value, case_sensitive, attribute)


def _extreme(
    which: Function,
    environment: Environment,
    value: Iterable[Any],
    case_sensitive: Any,
    attribute: Any,
) -> Any:
    items = list(value)
    if not items:
        return Undefined()
    return which(items, key=_getter(environment, attribute, _case(case_sensitive)))


def do_reject(context: Context, value: Any, *args: Any) -> Iterator[Any]:
    return _chosen(context, value, args, False, False)


def do_rejectattr(context: Context, value: Any, *args: Any) -> Iterator[Any]:
    return _chosen(context, value, args, False, True)


def do_select(context: Context, value: Any, *args: Any) -> Iterator[Any]:
    return _chosen(context, value, args, True, False)


def do_selectattr(context: Context, value: Any, *args: Any) -> Iterator[Any]:
    return _chosen(context, value, args, True, True)


def _chosen(
    context: Context, value: Any, args: tuple[Any, ...], wanted: bool, of_attribute: bool
) -> Iterator[Any]:
    if not value:
        return
    environment = context.environment
    get = _same
    if of_attribute:
        attribute, *args = args  # type: ignore[assignment]
        get = _getter(environment, attribute)
    name, rest = (args[0], tuple(args[1:])) if args else ("", ())
    for item in value:
        tried = get(item)
        held = environment.call_test(name, tried, rest, {}, context) if args else tried
        if bool(held) is wanted:
            yield item


def do_replace(
    _evaluation: EvaluationContext, s: Any, old: Any, new: Any, count: Any = None
) -> str:
    return text_of(s).replace(text_of(old), text_of(new), -1 if count is None else count)


def do_reverse(value: Any) -> Any:
    if isinstance(value, str):
        return value[::-1]
    try:
        return reversed(value)
    except TypeError:
        return list(value)[::-1]


def do_round(value: Any, precision: Any = 0, method: str = "common") -> Any:
    if method != "common" or not isinstance(precision, int) or abs(precision) > _MOST_DIGITS:
        raise Uncertain
    return round(value, precision)


def do_slice(
    _evaluation: EvaluationContext, value: Iterable[Any], slices: int, fill_with: Any = None
) -> Iterator[list[Any]]:
    items = list(value)
    each, longer = divmod(len(items), slices)
    begin = 0
    for number in range(slices):
        end = begin + each + (number < longer)
        row = items[begin:end]
        if fill_with is not None and number >= longer:
            row.append(fill_with)
        yield row
        begin = end


def do_sort(
    environment: Environment,
    value: Iterable[Any],
    reverse: Any = False,
    case_sensitive: Any = False,
    attribute: Any = None,
) -> list[Any]:
    case = _case(case_sensitive)
    names = attribute.split(",") if isinstance(attribute, str) else [attribute]
    getters = [_getter(environment, name, case) for name in names]
    return sorted(value, key=lambda item: [get(item) for get in getters], reverse=reverse)


def do_sum(
    environment: Environment, iterable: Iterable[Any], attribute: Any = None, start: Any = 0
) -> Any:
    if attribute is not None:
        iterable = map(_getter(environment, attribute), iterable)
    return sum(iterable, start)


def do_truncate(
    _environment: Environment,
    s: Any,
    length: int = 255,
    killwords: Any = False,
    end: str = "...",
    leeway: Any = None,
) -> Any:
    leeway = 5 if leeway is None else leeway
    if length < len(end) or leeway < 0:
        raise Uncertain
    if len(s) <= length + leeway:
        return s
    kept = s[: length - len(end)]
    return (kept if killwords else kept.rsplit(" ", 1)[0]) + end


def do_unique(
    environment: Environment,
    value: Iterable[Any],
    case_sensitive: Any = False,
    attribute: Any = None,
) -> Iterator[Any]:
    get = _getter(environment, attribute, _case(case_sensitive))
    seen = set()
    for item in value:
        key = get(item)
        if key not in seen:
            seen.add(key)
            yield item


def _taking(what: str, *functions: Function) -> None:
    for function in functions:
        function.takes = what  # type: ignore[attr-defined]


_taking("context", do_map, do_select, do_selectattr, do_reject, do_rejectattr)
_taking("evaluation", do_join, do_list, do_replace, do_slice)
_taking("environment", do_attr, do_first, do_last, do_groupby, do_max, do_min, do_sort, do_sum)
_taking("environment", do_truncate, do_unique)

FILTERS: dict[str, Function] = {
    name.removeprefix("do_"): function
    for name, function in [*globals().items(), *vars(text_filters).items()]
    if name.startswith("do_")
}
FILTERS.update(abs=abs, count=len, length=len, d=do_default)
