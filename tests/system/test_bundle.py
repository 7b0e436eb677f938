"""The modules in one file: used for as long as their sources are the same."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[2] / "cycle_exec"
MODULES = ("launching.pipeline", "planning", "planning.model", "system.files", "cli.syntax")


@pytest.fixture(scope="module")
def bundled(tmp_path_factory):
    """A copy of the package with its bundle."""
    folder = tmp_path_factory.mktemp("bundled")
    shutil.copytree(PACKAGE, folder / "cycle_exec", ignore=shutil.ignore_patterns("__pycache__"))
    assert run(folder, "print(json.dumps(bundling.write(path)))") is True
    return folder


@pytest.fixture
def home(bundled, tmp_path):
    """A copy of that with the times of its files, and where its bundle is."""
    shutil.copytree(bundled / "cycle_exec", tmp_path / "cycle_exec")
    return tmp_path, Path(run(tmp_path, "print(json.dumps(path))"))


def run(folder, code):
    """What the code prints as JSON, in an interpreter of its own with this package."""
    begin = f"import json, sys; sys.path.insert(0, {str(folder)!r}); "
    begin += "from cycle_exec import bundle_path; from cycle_exec.system import bundle, bundling; "
    words = [sys.executable, "-I", "-c", f"{begin}path = bundle_path(); {code}"]
    return json.loads(subprocess.run(words, check=True, capture_output=True).stdout)


def loaders(folder):
    """Who loads each of the modules."""
    return dict(
        run(
            folder,
            "bundle.install(path); from importlib import import_module as load; "
            f"found = [load(f'cycle_exec.{{name}}') for name in {MODULES!r}]; "
            "assert all(each.__file__.startswith(sys.path[0]) for each in found); "
            "assert found[1].__path__ == [sys.path[0] + '/cycle_exec/planning']; "
            "print(json.dumps([(each.__name__[11:], type(each.__spec__.loader).__name__)"
            " for each in found]))",
        )
    )


FROM_FILES = dict.fromkeys(MODULES, "SourceFileLoader")


def test_modules_come_from_the_bundle(home):
    """But those that a launch seldom needs, which are not in it."""
    assert loaders(home[0]) == {
        **dict.fromkeys(MODULES, "_Finder"),
        "cli.syntax": "SourceFileLoader",
    }


def test_each_module_can_be_the_first(home):
    """Whatever is imported first, by a launch or by a verb, finds what it needs."""
    names = [
        ".".join(path.relative_to(PACKAGE.parent).with_suffix("").parts).removesuffix(".__init__")
        for path in sorted(PACKAGE.rglob("*.py"))
        if path.name != "__main__.py"
    ]
    code = (
        "import os\nfor name in names:\n"
        "    child = os.fork()\n"
        "    if not child:\n"
        "        bundle.install(path); __import__(name)\n"
        "        module = sys.modules[name]\n"
        "        assert module.__name__ == name and module.__spec__.name == name\n"
        "        assert module.__package__ == module.__spec__.parent\n"
        "        above, _, last = name.rpartition('.')\n"
        "        assert not above or getattr(sys.modules[above], last) is module\n"
        "        os._exit(0)\n"
        "    if os.waitpid(child, 0)[1]: failed.append(name)\n"
    )
    program = f"names = {names!r}; failed = []; exec({code!r}); print(json.dumps(failed))"
    assert len(names) > 200
    assert run(home[0], program) == []


def test_a_package_that_has_changed_comes_from_its_source(home):
    """What is below it still comes from the bundle."""
    path = home[0] / "cycle_exec" / "planning" / "__init__.py"
    path.write_text("NEW = 1\n")
    found = loaders(home[0])
    assert (found["planning.model"], found["planning"]) == ("_Finder", "SourceFileLoader")


def test_a_module_that_has_changed_comes_from_its_source(home):
    """It alone."""
    path = home[0] / "cycle_exec" / "planning" / "model.py"
    path.write_text(path.read_text() + "\nNEW = 1\n")
    found = loaders(home[0])
    assert (found["planning.model"], found["planning"]) == ("SourceFileLoader", "_Finder")


def test_a_module_that_is_gone_is_gone(home):
    """There are no ghosts after an upgrade."""
    (home[0] / "cycle_exec" / "planning" / "model.py").unlink()
    code = (
        "bundle.install(path)\n"
        "try: import cycle_exec.planning.model\nexcept ImportError: print(1)\n"
    )
    assert run(home[0], f"exec({code!r})") == 1


@pytest.mark.parametrize(
    "content",
    [
        lambda whole: b"",
        lambda whole: b"another " + whole,
        lambda whole: whole[:40],
        lambda whole: whole[:2000],
        lambda whole: whole[:-1],
        lambda whole: whole[:30] + b"\0" * 40,
    ],
)
def test_another_file_is_not_used(home, content):
    """Of another version, empty, cut short."""
    folder, place = home
    place.write_bytes(content(place.read_bytes()))
    assert loaders(folder) == FROM_FILES


def test_without_a_bundle_nothing_changes(home):
    """And a folder where none can be written is said to be one."""
    folder, place = home
    place.unlink()
    assert loaders(folder) == FROM_FILES
    shutil.rmtree(place.parent)
    place.parent.write_text("in the way")
    assert run(folder, "print(json.dumps(bundling.write(path)))") is False


@pytest.mark.parametrize("umask", [0o000, 0o077])
def test_nobody_else_may_write_it(home, umask):
    """It is code, and an image may be built under any umask. Everybody may read it."""
    folder, place = home
    place.unlink()
    assert run(folder, f"import os; os.umask({umask}); print(json.dumps(bundling.write(path)))")
    assert place.stat().st_mode & 0o777 == 0o644


def test_code_keeps_its_lines(home):
    """A traceback names the same lines as one of the source."""
    code = (
        "import ast, pathlib\n"
        "def lines(code):\n"
        "    found = [[end, line] for _, end, line in code.co_lines()]\n"
        "    return found, [lines(each) for each in code.co_consts if hasattr(each, 'co_code')]\n"
        "places = sorted(pathlib.Path(sys.path[0]).rglob('*.py'))\n"
        "differing = []\n"
        "for place in places:\n"
        "    tree = ast.parse(place.read_text())\n"
        "    made = compile(tree, 'x', 'exec', dont_inherit=True)\n"
        "    lean = bundling._without_columns(made)\n"
        "    if lines(made) != lines(lean): differing.append(str(place))\n"
    )
    program = f"exec({code!r}); print(json.dumps([len(places), differing]))"
    count, differing = run(home[0], program)
    assert count > 200
    assert differing == []
