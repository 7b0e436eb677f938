"""Which modules a start compiles: those that Python reads from a source alone."""

from __future__ import annotations

import json
import subprocess
import sys

CODE = """
import json, sys
sys.path.insert(0, sys.argv[1])
import compiled, fresh
from cycle_exec.system import bytecode
count, sources = bytecode.missing()
frozen = [name for name, module in sys.modules.items()
          if getattr(module.__spec__, "origin", "") == "frozen"]
print(json.dumps([count, sources, frozen, [sys.modules["os"].__file__, bytecode.__file__]]))
"""


def test_what_has_no_bytecode_is_counted(tmp_path):
    """A frozen module has the name of a source, but its code is in the interpreter."""
    for name in ("compiled", "fresh"):
        (tmp_path / f"{name}.py").write_text("")
    words = [sys.executable, "-I", "-m", "py_compile", tmp_path / "compiled.py"]
    subprocess.run(words, check=True)
    done = subprocess.run(
        [sys.executable, "-I", "-B", "-c", CODE, tmp_path],
        check=True,
        capture_output=True,
        text=True,
    )
    count, sources, frozen, files = json.loads(done.stdout)
    assert str(tmp_path / "fresh.py") in sources
    assert str(tmp_path / "compiled.py") not in sources
    assert {"os", "posixpath"} <= set(frozen)
    assert files[0] not in sources
    assert count >= 3


def test_without_any_source(tmp_path):
    """As in the standalone folder, where the bytecode stands in the place of the sources."""
    (tmp_path / "compiled.py").write_text("")
    (tmp_path / "fresh.py").write_text("")
    words = [sys.executable, "-I", "-m", "compileall", "-q", "-b", tmp_path]
    subprocess.run(words, check=True)
    for path in tmp_path.glob("*.py"):
        path.unlink()
    done = subprocess.run(
        [sys.executable, "-I", "-B", "-c", CODE, tmp_path],
        check=True,
        capture_output=True,
        text=True,
    )
    assert not [path for path in json.loads(done.stdout)[1] if path.startswith(str(tmp_path))]
