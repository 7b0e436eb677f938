"""The modules of a launch in one file, for a start that need not look for each of them.

`cycle-exec compile` writes it beside Python's own .pyc files, and it is as good as these: each
module is used as long as its source has the size and the time of its last change that it had then.
"""

import posix
import sys
from _frozen_importlib import ModuleSpec
from _frozen_importlib_external import MAGIC_NUMBER
from marshal import loads

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from types import CodeType, ModuleType
    from typing import Any

    # Its name, the path below the package's folder, whether it is a package, and time and size of
    # the source. Each follows those that it imports.
    Member = tuple[str, str, bool, int, int]
    # Modules that are wanted together: where their codes begin and end, and which they are.
    Group = tuple[int, int, tuple[Member, ...]]
    # By the name of each module, the places of the groups that it needs; and all groups.
    Index = tuple[Mapping[str, tuple[int, ...]], Sequence[Group]]

_PACKAGE = __name__.partition(".")[0]
HEADER = b"cycle-exec bundle 2 " + MAGIC_NUMBER


def install(path: str) -> None:
    """Import from the bundle at this path from here on, if there is one."""
    try:
        descriptor = posix.open(path, posix.O_RDONLY | posix.O_CLOEXEC)
    except OSError:
        return
    try:
        whole = memoryview(posix.read(descriptor, posix.fstat(descriptor).st_size))
    finally:
        posix.close(descriptor)
    begin = len(HEADER) + 16
    if whole[: len(HEADER)] != HEADER:
        return
    end = begin + int.from_bytes(whole[begin - 16 : begin - 8])
    if len(whole) - end != int.from_bytes(whole[begin - 8 : begin]):
        return
    try:
        finder = _Finder(loads(whole[begin:end]), whole[end:])  # noqa: S302
    except (ValueError, EOFError, TypeError):
        return
    sys.meta_path.insert(0, finder)


class _Finder:
    """What Python asks first for a module.

    With it come all modules that it imports: Python's own way through them, one by one, takes as
    long as running them.
    """

    def __init__(self, index: "Index", codes: memoryview) -> None:
        self._needed, self._groups = index
        self._codes = codes
        self._home = sys.modules[_PACKAGE].__path__[0]
        self._loaded: set[int] = set()

    def find_spec(
        self,
        name: str,
        _path: "Sequence[str] | None" = None,
        _target: "ModuleType | None" = None,
    ) -> ModuleSpec | None:
        """Return how to load a module that is here and has not changed."""
        for place in self._needed.get(name, ()):
            if place not in self._loaded:
                self._loaded.add(place)
                self._load(place)
        module = sys.modules.get(name)
        return module.__spec__ if module is not None else None

    def _load(self, place: int) -> None:
        begin, end, members = self._groups[place]
        fresh = {member[0] for member in members if self._is_unchanged(member)}
        if not fresh:
            return  # of another installation
        try:
            codes = loads(self._codes[begin:end])  # noqa: S302
        except (ValueError, EOFError, TypeError):
            return
        for member, code in zip(members, codes, strict=True):
            if member[0] in fresh and member[0] not in sys.modules:
                self._run(member, code)

    def _is_unchanged(self, member: "Member") -> bool:
        _, inside, _, changed, size = member
        try:
            found = posix.stat(f"{self._home}/{inside}")
        except OSError:
            return False
        return int(found.st_mtime) == changed and found.st_size == size

    def _run(self, member: "Member", code: "CodeType") -> None:
        """Make a module as Python does, and run its code."""
        name, inside, is_package, _, _ = member
        above, _, last = name.rpartition(".")
        if above not in sys.modules:
            __import__(above)  # its source has changed
        path = f"{self._home}/{inside}"
        loader: Any = self
        spec = ModuleSpec(name, loader, origin=path, is_package=is_package)
        spec.has_location = True
        module = type(sys)(name)
        if is_package:
            spec.submodule_search_locations = module.__path__ = [path.rpartition("/")[0]]
        module.__file__, module.__loader__, module.__spec__ = path, loader, spec
        module.__package__ = spec.parent
        sys.modules[name] = module
        try:
            exec(code, module.__dict__)  # noqa: S102
        except BaseException:
            del sys.modules[name]
            raise
        setattr(sys.modules[above], last, module)

    def create_module(self, spec: ModuleSpec) -> "ModuleType":
        """Return the module, which has been run already."""
        return sys.modules[spec.name]

    def exec_module(self, module: "ModuleType") -> None:
        """Do nothing more."""
