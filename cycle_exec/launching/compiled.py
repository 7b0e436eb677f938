"""What was compiled while the image was built: the manifest, and programs in place of templates."""

from __future__ import annotations

from cycle_exec.planning.programs.model import Program
from cycle_exec.record import Record
from cycle_exec.settings.model import BUILTIN, Form
from cycle_exec.system import compiled
from cycle_exec.system import programs as codes

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any

    from cycle_exec.planning.programs.model import Made
    from cycle_exec.planning.templates.parts import Library
    from cycle_exec.planning.templates.text_use import Use
    from cycle_exec.settings.model import Settings
    from cycle_exec.system.compiled import Programs


def form(path: str, content: bytes) -> Form:
    """Return the compiled form of the manifest of this path and content."""
    try:
        found = compiled.read(path, content)
    except compiled.Unusable as error:
        return Form(reason=error.reason)
    if found is None:
        return Form()
    from cycle_exec.settings.compiled import unpacked

    data, made = found
    return Form(manifest=unpacked(data), programs=made)


class _Entry(Record):
    """One file that is compiled. made: a function of the environment and its name."""

    used: tuple[str, ...]
    parts: tuple[tuple[str, bool], ...]
    uses: tuple[Use, ...]
    made: Made


def programs(
    settings: Settings, sources: Mapping[str, str], library: Library | None
) -> dict[str, Program]:
    """Return the programs that there are of these templates, by their names.

    There is one where the template and all that it is made of are those that were compiled.
    """
    texts = library.texts if library is not None else {}
    folders = library.folders if library is not None else {}
    found = {
        name: _program(settings.compiled, {**texts, **sources}, folders, name)
        for name, text in sources.items()
        if text in settings.compiled or name.startswith(BUILTIN)
    }
    return {name: program for name, program in found.items() if program is not None}


def stale(
    settings: Settings, sources: Mapping[str, str], found: Mapping[str, Program]
) -> list[str]:
    """Return the templates that have changed since, or were never compiled, where there is a form.

    found: the programs of those that have not.
    """
    return [
        name
        for name, text in sources.items()
        if settings.compiled and name not in found and settings.compiled.get(text, ()) is not None
    ]


def _program(
    stored: Programs, texts: Mapping[str, str], folders: Mapping[str, str], name: str
) -> Program | None:
    made: dict[str, Made] = {}
    used: set[str] = set()
    uses: list[Use] = []

    def add(name: str) -> bool:
        entry = _entry(stored, name, texts[name])
        if entry is None:
            return False
        made[name] = entry.made
        used.update(entry.used)
        for relative, present in entry.parts:
            part = folders.get(name, "") + relative
            if part not in texts:
                if present:
                    return False
            elif part not in made and not add(part):
                return False
        uses.extend(entry.uses)  # those of its parts come first, as Jinja2 compiles them
        return True

    if not add(name):
        return None
    return Program(made=made, folders=folders, used=frozenset(used), uses=tuple(uses))


def _entry(stored: Programs, name: str, text: str) -> _Entry | None:
    found = stored.get(text)
    if found is None:
        return _builtin(name, text) if name.startswith(BUILTIN) else None
    used, parts, uses, code = found

    def made(environment: Any, name: str) -> Any:
        # Only what is rendered is run.
        return codes.template(code)(environment, name)

    return _Entry(used=used, parts=parts, uses=_uses(name, uses), made=made)


def _builtin(name: str, text: str) -> _Entry | None:
    module = codes.builtin(name.removeprefix(BUILTIN))
    if module is None or text != module.SOURCE:
        return None
    uses = _uses(name, module.USES)
    return _Entry(used=module.USED, parts=module.PARTS, uses=uses, made=module.template)


def _uses(name: str, uses: Sequence[tuple[int, tuple[str, ...], str]]) -> tuple[Use, ...]:
    if not uses:
        return ()
    from cycle_exec.planning.templates.text_use import Use

    return tuple(Use(file=name, line=line, path=path, kind=kind) for line, path, kind in uses)
