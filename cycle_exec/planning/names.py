"""Names of environment variables: valid, mapped, dangerous, the platform's own; globs over them."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

PLATFORM_PREFIX = "CYCLE_"

# Names that make a loader, an interpreter or a shell run code or weaken TLS. Who may edit scoped
# variables may not thereby run code in the app (the peers' lists, and the documents of ld.so(8),
# bash(1), perlrun(1), node(1), java(1), ruby(1), openssl-env(7)).
_DANGEROUS = frozenset(
    """
    BASHOPTS BASH_ENV BASH_XTRACEFD CDPATH CLASSPATH COMSPEC CORECLR_ENABLE_PROFILING
    CORECLR_PROFILER CORECLR_PROFILER_PATH DOTNET_STARTUP_HOOKS ENV GCONV_PATH GETCONF_DIR
    GLIBC_TUNABLES GLOBIGNORE HOME HOSTALIASES IFS JAVA_OPTIONS JAVA_TOOL_OPTIONS
    JDK_JAVA_OPTIONS LOCALDOMAIN LOCPATH LOGNAME MALLOC_TRACE NIS_PATH NLSPATH NODE_OPTIONS
    NODE_PATH OPENSSL_CONF OPENSSL_CONF_INCLUDE OPENSSL_ENGINES OPENSSL_MODULES PATH PERL5DB
    PERL5LIB PERL5OPT PERLLIB PERLIO_DEBUG PHPRC PHP_INI_SCAN_DIR PROMPT_COMMAND PS0 PS1 PS2 PS4
    PWD RESOLV_HOST_CONF RES_OPTIONS RUBYLIB RUBYOPT SHELL SHELLOPTS SSLKEYLOGFILE TMPDIR TZDIR
    USER ZDOTDIR _JAVA_OPTIONS NODE_TLS_REJECT_UNAUTHORIZED ERL_AFLAGS ERL_FLAGS ERL_ZFLAGS
    ELIXIR_ERL_OPTIONS R_PROFILE R_ENVIRON LESSOPEN LESSCLOSE TERMINFO TERMINFO_DIRS TERMCAP
    """.split()
)
_DANGEROUS_PREFIXES = ("LD_", "DYLD_", "PYTHON", "BASH_FUNC_", "LUA_INIT", "MALLOC_")


def is_valid(name: str) -> bool:
    """Whether a name is [A-Za-z_][A-Za-z0-9_]*, what every shell accepts."""
    # For ASCII text isidentifier() is that very pattern, at C speed.
    return name.isascii() and name.isidentifier()


def mapped(identifier: str) -> str:
    """Return the variable name of any identifier; a valid one passes as it is.

    Other characters become `_`, letters upper case, and a leading digit gets a `_` before it.
    An identifier without any letter or digit has no name: the answer is then empty.
    """
    if is_valid(identifier):
        return identifier
    name = "".join(
        character if character.isascii() and (character.isalnum() or character == "_") else "_"
        for character in identifier
    ).upper()
    if not name.strip("_"):
        return ""
    return "_" + name if name[0].isdigit() else name


def is_dangerous(name: str) -> bool:
    """Whether a fetched value under this name could run code, or turn a lookup, in the app."""
    return name in _DANGEROUS or name.startswith(_DANGEROUS_PREFIXES)


def is_platform(name: str) -> bool:
    """Whether the name belongs to the platform and is never overridden."""
    return name.startswith(PLATFORM_PREFIX)


def all_plain(names: Collection[str]) -> bool:
    """Whether every name is valid, none dangerous and none the platform's: five thousand names
    together in the time that forty take one by one.
    """
    lines = "\n" + "\n".join(names)
    return (
        lines.isascii()
        and all(map(str.isidentifier, names))
        and _DANGEROUS.isdisjoint(names)
        and not any("\n" + prefix in lines for prefix in (*_DANGEROUS_PREFIXES, PLATFORM_PREFIX))
    )


def matches(name: str, pattern: str) -> bool:
    """Whether a glob of `*` (any run) and `?` (any one character) covers the whole name."""
    position = step = 0
    star = resume = -1
    while position < len(name):
        if step < len(pattern) and pattern[step] == "*":
            star, resume = step, position
            step += 1
        elif step < len(pattern) and pattern[step] in ("?", name[position]):
            position += 1
            step += 1
        elif star >= 0:
            resume += 1
            position, step = resume, star + 1
        else:
            return False
    return not pattern[step:].strip("*")


def matches_any(name: str, patterns: Iterable[str]) -> bool:
    """Whether one of the globs covers the name."""
    return any(matches(name, pattern) for pattern in patterns)
