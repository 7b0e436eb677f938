"""As much of the ELF format as tells whether this machine can execute a file."""

from __future__ import annotations

import os

from cycle_exec.record import Record

MAGIC = b"\x7fELF"
_PROGRAM_TYPES = (2, 3)  # ET_EXEC, ET_DYN
_LOADER_SEGMENT = 3  # PT_INTERP
_LONGEST_LOADER = 4096
_MACHINES = {
    3: "32-bit x86",
    20: "32-bit PowerPC",
    21: "64-bit PowerPC",
    22: "s390x",
    40: "32-bit ARM",
    62: "x86-64 (amd64)",
    183: "64-bit ARM (arm64)",
    243: "RISC-V",
    258: "LoongArch",
}
# 64-bit kernels execute these too; whether one is built so cannot be seen from here.
_ALSO = {62: (3,), 183: (40,), 21: (20,)}


class Program(Record):
    """machine: e_machine. loader: the path of the dynamic loader, empty for a static program."""

    machine: int
    loader: bytes = b""


def read(descriptor: int) -> Program | None:
    """Return the program in an open file; None if it is damaged. Raises OSError.

    Offsets and sizes are those of elf(5), for both classes and both byte orders.
    """
    head = os.pread(descriptor, 64, 0)
    if len(head) < 52 or head[4] not in (1, 2) or head[5] not in (1, 2):
        return None
    wide = head[4] == 2
    little = head[5] == 1

    def number(data: bytes, offset: int, size: int) -> int:
        return int.from_bytes(data[offset : offset + size], "little" if little else "big")

    table, entry_size, count = (
        (number(head, 32, 8), number(head, 54, 2), number(head, 56, 2))
        if wide
        else (number(head, 28, 4), number(head, 42, 2), number(head, 44, 2))
    )
    if number(head, 16, 2) not in _PROGRAM_TYPES or entry_size != (56 if wide else 32):
        return None
    segments = os.pread(descriptor, entry_size * count, table) if table < 1 << 62 else b""
    if not count or len(segments) < entry_size * count:
        return None
    machine = number(head, 18, 2)
    for start in range(0, len(segments), entry_size):
        if number(segments, start, 4) == _LOADER_SEGMENT:
            offset = number(segments, start + (8 if wide else 4), 8 if wide else 4)
            size = number(segments, start + (32 if wide else 16), 8 if wide else 4)
            return _with_loader(descriptor, machine, offset, size)
    return Program(machine=machine)


def _with_loader(descriptor: int, machine: int, offset: int, size: int) -> Program | None:
    if not 2 <= size <= _LONGEST_LOADER or offset >= 1 << 62:
        return None
    path = os.pread(descriptor, size, offset)
    if len(path) < size or path[-1:] != b"\0":
        return None
    return Program(machine=machine, loader=path.partition(b"\0")[0])


def own_machine() -> int:
    """Return the e_machine of the interpreter that runs us; 0 if it cannot be read."""
    try:
        with open("/proc/self/exe", "rb", buffering=0) as file:
            head = file.read(20)
    except OSError:
        return 0
    if head[:4] != MAGIC or len(head) < 20:
        return 0
    return int.from_bytes(head[18:20], "little" if head[5] == 1 else "big")


def runs_here(machine: int) -> bool:
    """Return False only if the kernel certainly refuses programs of that machine."""
    own = own_machine()
    return not own or machine == own or machine in _ALSO.get(own, ()) or other_formats()


def machine_name(machine: int) -> str:
    """Return what people call a machine."""
    return _MACHINES.get(machine, f"machine type {machine}")


def other_formats() -> bool:
    """Whether the kernel was taught further formats (binfmt_misc: emulators, Java and the like)."""
    try:
        return bool(set(os.listdir("/proc/sys/fs/binfmt_misc")) - {"register", "status"})
    except OSError:
        return False
