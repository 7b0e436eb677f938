"""`cycle-exec compile`: what a launch need not compute again, while an image is built."""

from __future__ import annotations

from cycle_exec import bundle_path
from cycle_exec.errors import refuse
from cycle_exec.launching import checking
from cycle_exec.planning.templates import parts
from cycle_exec.system import compiled, files, programs
from cycle_exec.system.output import stderr, stdout

TYPE_CHECKING = False
if TYPE_CHECKING:
    from cycle_exec.launching.checking import Checked
    from cycle_exec.settings.model import Invocation, Stored


def run(invocation: Invocation, path: str) -> int:
    """Check a manifest and its templates, write its compiled form, and say what it has.

    path: empty for the manifest that a launch would read.
    """
    from cycle_exec.settings import resolve
    from cycle_exec.settings.compiled import packed
    from cycle_exec.system import bundling, bytecode

    path = path or resolve.manifest_path(invocation, {})[0]
    checked = checking.checked(path)
    made, lines = _programs(checked)
    content = compiled.content(checked.content, packed(checked.manifest), made)
    try:
        compiled.write(path, content)
    except files.Unreadable as error:
        raise refuse("target-failed", compiled.path_of(path), error.reason) from None
    count, failed = bytecode.compile_missing()
    if not bundling.write(bundle_path()):
        stderr.log.warning(f"{bundle_path()} cannot be written: modules are loaded one by one")
    if count:
        lines.append(f"{count} Python modules: compiled")
    if failed:
        stderr.log.warning(f"{failed} Python modules are not compiled: their folder is read-only")
    stdout.write("".join(f"{line}\n" for line in (f"{path}: compiled", *lines)))
    return 0


def _programs(checked: Checked) -> tuple[dict[str, Stored | None], list[str]]:
    """Return the programs by their sources, and a line on each template."""
    from cycle_exec.planning.templates import substitution

    found: dict[str, Stored | None] = {}
    lines = []
    for name, text in checked.sources.items():
        if substitution.parse(text) is not None:
            lines.append(f"{name}: compiled, it only puts values in their places")
            continue
        reasons = [_add(found, each, checked) for each in _made_of(checked, name)]
        reason = next(filter(None, reasons), "")
        if reason:
            found[text] = None
        lines.append(f"{name}: left to Jinja2, {reason}" if reason else f"{name}: compiled")
    return found, lines


def _made_of(checked: Checked, name: str) -> list[str]:
    """Return the template, and every file that it may be made of."""
    found = [name]
    library = checked.library or parts.Library()
    for each in found:
        folder = library.folders.get(each, "")
        for relative in parts.named(_text(checked, each)):
            if folder + relative in library.texts and folder + relative not in found:
                found.append(folder + relative)
    return found


def _add(found: dict[str, Stored | None], name: str, checked: Checked) -> str:
    """Add the program of one file; return why there is none."""
    from cycle_exec.planning.programs import generation
    from cycle_exec.planning.programs.model import Uncovered

    text = _text(checked, name)
    generated = generation.generated(name, text, checked.library)
    if isinstance(generated, Uncovered):
        found[text] = None
        return f"{name}:{generated.line} uses {generated.reason}"
    code = programs.stored(generated.code, name)
    parts = dict(generated.parts)
    same = found.get(text)
    if same is not None:
        # Of another directory, with other parts: one that is lacking there may be lacking.
        parts = {part: present and dict(same[1])[part] for part, present in parts.items()}
    used = tuple(sorted(generated.used))
    found[text] = used, tuple(parts.items()), generated.uses, code
    return ""


def _text(checked: Checked, name: str) -> str:
    if name in checked.sources:
        return checked.sources[name]
    return checked.library.texts[name] if checked.library is not None else ""
