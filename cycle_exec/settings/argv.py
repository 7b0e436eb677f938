"""The command line of a launch, without click, which would cost more than the launch itself.

Only what is certain is read here: full names from the option table, then `--` and a command.
Anything else gives None, and click decides; both agree on all that is read here.
"""

from __future__ import annotations

from cycle_exec.settings.options import OPTIONS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from cycle_exec.settings.options import Overrides


# A bare --preserve-env means every name.
EVERY_NAME = "*"


def parse(argv: Sequence[str]) -> tuple[Overrides, tuple[str, ...]] | None:
    """Return flags and command of `[run] [OPTIONS] -- COMMAND...`; None where click has to decide.

    argv: the words after the program's name. Flags are raw text, not yet judged; the command's
    words are untouched.
    """
    words = list(argv)
    if "--" not in words:
        return None
    end = words.index("--")
    command = tuple(words[end + 1 :])
    if not command:
        return None
    overrides = _flags(words[1 if words[0] == "run" else 0 : end])
    return None if overrides is None else (overrides, command)


def _flags(words: Sequence[str]) -> Overrides | None:
    overrides: dict[str, str | bool | tuple[str, ...]] = {}
    left = iter(words)
    for word in left:
        flag, equals, value = word.partition("=")
        option = _VALUED.get(flag)
        if option is None:
            if flag not in _SWITCHES or equals:
                return None
            name, on = _SWITCHES[flag]
            overrides[name] = on
            continue
        if not equals:
            value = EVERY_NAME if option.kind == "names" else next(left, "-")
            if value.startswith("-"):
                return None
        earlier = overrides.get(option.name, ())
        if option.collects:
            assert isinstance(earlier, tuple)
            overrides[option.name] = (*earlier, value)
        else:
            overrides[option.name] = value
    return overrides


_VALUED = {option.flag: option for option in OPTIONS if option.kind != "switch"}
_SWITCHES = {
    flag: (option.name, on)
    for option in OPTIONS
    if option.kind == "switch"
    for flag, on in ((option.flag, True), (option.opposite, False))
}
