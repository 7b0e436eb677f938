"""What is measured: the wheel of this tree in an environment of its own, on which machine, when."""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
import time
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parent.parent.parent
CACHE = ROOT / ".cache" / "bench"
_TELL = (
    "import platform as p, re, sysconfig; "
    "print(p.python_implementation(), p.python_version(), p.python_compiler()); "
    "print(re.__cached__); print(sysconfig.get_path('purelib'))"
)


class Installed(NamedTuple):
    """An installed cycle-exec. version: of its interpreter, for people."""

    python: str
    script: str
    site: str
    version: str


def install(python: str = "") -> Installed:
    """Install the wheel. python: the interpreter; without one, the first that will do."""
    chosen = python or _first()
    told = _run([chosen, "-I", "-c", "import sys; print(sys.version_info[:3], sys.base_prefix)"])
    # One folder for each interpreter; its name says enough to people.
    version = ".".join(part.strip(" (,") for part in told.split(")")[0].split(","))
    home = CACHE / f"python-{version}-{sum(told.encode()) % 1000}"
    environ = {**clean_environment(), "PYTHON": chosen}
    subprocess.run(
        ["sh", str(ROOT / "tests/bench/install.sh"), str(home)],
        check=True,
        env=environ,
        stdout=subprocess.DEVNULL,
    )
    return described(str(home / "bin" / "python"), str(home / "bin" / "cycle-exec"))


def described(python: str, script: str) -> Installed:
    """Raises RuntimeError if its standard library is not compiled: that would be measured, too."""
    version, cached, site = _run([python, "-I", "-c", _TELL]).splitlines()
    if not os.path.exists(cached):
        raise RuntimeError(f"{python}: the standard library has no .pyc files, see compileall")
    return Installed(python, script, site, version)


def compile_entrypoint() -> str:
    """The path of entrypoint.go as a static program."""
    program = CACHE / "entrypoint"
    words = ["go", "build", "-ldflags", "-s -w", "-o", str(program), "tests/bench/entrypoint.go"]
    environ = {"HOME": str(CACHE), **os.environ, "CGO_ENABLED": "0"}
    subprocess.run(words, check=True, cwd=ROOT, env=environ)
    return str(program)


def _first() -> str:
    command = f". {ROOT}/tests/environment.sh; find_python"
    return _run(["sh", "-c", command]).strip()


def _run(words: list[str]) -> str:
    ran = subprocess.run(words, check=True, env=clean_environment(), stdout=subprocess.PIPE)
    return ran.stdout.decode()


def clean_environment() -> dict[str, str]:
    """This process's environment without PYTHON variables."""
    return {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}


def machine() -> dict[str, str]:
    """What times mean nothing without: day, processor, kernel, load, versions of tools."""
    return {
        "date": time.strftime("%Y-%m-%d", time.gmtime()),
        "processor": f"{os.cpu_count()} x {_processor()}",
        "kernel": f"{platform.system()} {platform.release()}",
        "load": " ".join(f"{each:.2f}" for each in os.getloadavg()),
        "curl": _tool("curl", "--version"),
        "jq": _tool("jq", "--version"),
        "go": _tool("go", "version"),
        "sh": os.path.basename(os.path.realpath("/bin/sh")),
    }


def _processor() -> str:
    try:
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    except OSError:
        pass
    return platform.machine()


def _tool(name: str, flag: str) -> str:
    if shutil.which(name) is None:
        return "none"
    words = _run([name, flag]).splitlines()[0].split()
    version = next((word for word in words if any(map(str.isdigit, word))), "unknown")
    return version.removeprefix(name).removeprefix("-")
