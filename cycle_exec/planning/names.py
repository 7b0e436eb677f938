"""Names of environment variables: valid, mapped, dangerous, the platform's own; globs over them."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

PLATFORM_PREFIX = "CYCLE_"

# Who may edit scoped variables may not thereby run code in the app: names whose value alone makes a
# loader, a runtime or a tool run or load something, look something up elsewhere, or trust anybody.
# Each row: whose name it is, what its value does, the names; a trailing `*` takes a whole family,
# where none of its names is an ordinary setting. Sources: the peers' lists and the documents of the
# programs (ld.so(8), bash(1), perlrun(1), node(1), java(1), git(1), npm-config(7), ...).
DANGEROUS = (
    ("the loader and libc", "loads libraries and character sets, or writes a trace",
     "LD_* DYLD_* GCONV_PATH GETCONF_DIR GLIBC_TUNABLES LOCPATH NLSPATH MALLOC_TRACE TZDIR"),
    ("the loader and libc", "answers name lookups",
     "HOSTALIASES LOCALDOMAIN NIS_PATH RESOLV_HOST_CONF RES_OPTIONS"),
    ("every program", "says where programs, files and the home are",
     "PATH HOME USER LOGNAME PWD SHELL TMPDIR COMSPEC"),
    ("shells", "runs commands, or changes how a script is read",
     "BASHOPTS BASH_ENV BASH_FUNC_* BASH_LOADABLES_PATH BASH_XTRACEFD CDPATH ENV FCEDIT FPATH"
     " GLOBIGNORE IFS INPUTRC PROMPT_COMMAND PS0 PS1 PS2 PS4 SHELLOPTS ZDOTDIR"),
    ("terminals and pagers", "runs commands, or loads descriptions",
     "LESS LESSCLOSE LESSEDIT LESSKEY LESSKEYIN LESSKEY_CONTENT LESSOPEN TERMCAP TERMINFO"
     " TERMINFO_DIRS EXINIT VIMINIT GVIMINIT"),
    ("OpenSSL", "loads modules, or writes keys to a file",
     "OPENSSL_CONF OPENSSL_CONF_INCLUDE OPENSSL_ENGINES OPENSSL_MODULES SSLKEYLOGFILE"),
    ("Python", "loads modules or bytecode, runs code, or trusts any certificate",
     "PYTHONBREAKPOINT PYTHONCASEOK PYTHONEXECUTABLE PYTHONHOME PYTHONHTTPSVERIFY PYTHONINSPECT"
     " PYTHONPATH PYTHONPLATLIBDIR PYTHONPYCACHEPREFIX PYTHONSTARTUP PYTHONUSERBASE PYTHONWARNINGS"
     " PYTHON_KEYRING_BACKEND PYTHON_PRESITE"),
    ("pip and uv", "says what is installed, and from where",
     "PIP_CERT PIP_CONFIG_FILE PIP_CONSTRAINT PIP_EXTRA_INDEX_URL PIP_FIND_LINKS PIP_INDEX_URL"
     " PIP_PREFIX PIP_PYTHON PIP_REQUIREMENT PIP_ROOT PIP_TARGET PIP_TRUSTED_HOST UV_CONFIG_FILE"
     " UV_DEFAULT_INDEX UV_ENV_FILE UV_EXTRA_INDEX_URL UV_FIND_LINKS UV_INDEX UV_INDEX_URL"
     " UV_INSECURE_HOST UV_PYTHON UV_PYTHON_INSTALL_MIRROR"),
    ("Node.js, Deno and Bun", "loads modules or compiled code, or trusts any certificate",
     "NODE_COMPILE_CACHE NODE_OPTIONS NODE_PATH NODE_REPL_EXTERNAL_MODULE"
     " NODE_TLS_REJECT_UNAUTHORIZED BUN_INSPECT_PRELOAD BUN_OPTIONS BUN_CONFIG_REGISTRY"
     " DENO_TLS_CA_STORE JSR_URL TS_NODE_COMPILER TS_NODE_PROJECT"),
    ("npm, pnpm and Yarn", "names programs, registries and configuration",
     "npm_config_* pnpm_config_* COREPACK_NPM_REGISTRY YARN_PLUGINS YARN_RC_FILENAME YARN_REGISTRY"
     " YARN_NPM_REGISTRY_SERVER YARN_YARN_PATH"),
    ("Java", "loads classes and agents, or adds options to the virtual machine",
     "CLASSPATH IBM_JAVA_OPTIONS JAVA_TOOL_OPTIONS JDK_JAVAC_OPTIONS JDK_JAVA_OPTIONS"
     " OPENJ9_JAVA_OPTIONS _JAVA_OPTIONS"),
    (".NET and Mono", "loads assemblies, profilers or another runtime",
     "ASPNETCORE_HOSTINGSTARTUPASSEMBLIES COMPlus_AltJitName COMPlus_GCName COR_ENABLE_PROFILING"
     " COR_PROFILER* CORECLR_ENABLE_PROFILING CORECLR_PROFILER* DOTNET_ADDITIONAL_DEPS"
     " DOTNET_AltJitName DOTNET_DiagnosticPorts DOTNET_GCName DOTNET_GCPath DOTNET_HOST_PATH"
     " DOTNET_HOSTINGSTARTUPASSEMBLIES DOTNET_ROOT DOTNET_ROOT_ARM64 DOTNET_ROOT_X64"
     " DOTNET_SHARED_STORE DOTNET_STARTUP_HOOKS MONO_CONFIG MONO_ENV_OPTIONS MONO_GAC_PREFIX"
     " MONO_PATH"),
    ("Ruby", "loads libraries, or adds options",
     "BUNDLER_SETUP BUNDLE_APP_CONFIG BUNDLE_CONFIG BUNDLE_GEMFILE BUNDLE_PATH BUNDLE_USER_CONFIG"
     " BUNDLE_USER_HOME BUNDLE_USER_PLUGIN GEMRC GEM_HOME GEM_PATH IRBRC JRUBY_OPTS PRYRC"
     " RUBYGEMS_GEMDEPS RUBYLIB RUBYOPT RUBYSHELL"),
    ("Perl", "loads modules, runs code, or writes a trace",
     "PERL5DB PERL5LIB PERL5OPT PERL5SHELL PERLIO_DEBUG PERLLIB PERL_CPANM_OPT PERL_MB_OPT"
     " PERL_MM_OPT"),
    ("PHP", "reads other settings, or loads plugins",
     "COMPOSER COMPOSER_HOME COMPOSER_VENDOR_DIR PHPRC PHP_INI_SCAN_DIR"),
    ("Erlang and Elixir", "adds options, or loads code",
     "ELIXIR_ERL_OPTIONS ERL_AFLAGS ERL_FLAGS ERL_INETRC ERL_LIBS ERL_ZFLAGS HEX_HOME"
     " MIX_ARCHIVES MIX_EXS MIX_HOME"),
    ("R and Julia", "loads profiles and packages",
     "JULIA_DEPOT_PATH JULIA_LOAD_PATH JULIA_PROJECT R_DEFAULT_PACKAGES R_ENVIRON R_ENVIRON_USER"
     " R_HOME R_LIBS R_LIBS_SITE R_LIBS_USER R_PROFILE R_PROFILE_USER"),
    ("Lua, Tcl, Guile, awk and others", "runs code, or loads it",
     "AWKLIBPATH AWKPATH CAML_LD_LIBRARY_PATH EMACSLOADPATH GHCRTS GHC_PACKAGE_PATH"
     " GUILE_LOAD_COMPILED_PATH GUILE_LOAD_PATH LUA_CPATH* LUA_INIT* LUA_PATH* OCTAVE_PATH"
     " TCLLIBPATH TCL_LIBRARY TK_LIBRARY"),
    ("Go and Rust", "names programs and flags of the compiler",
     "CARGO_BUILD_RUSTC CARGO_BUILD_RUSTC_WRAPPER CARGO_BUILD_RUSTFLAGS CARGO_ENCODED_RUSTFLAGS"
     " GOAUTH GOCACHEPROG GOENV GOFLAGS GOROOT RUSTC RUSTC_WORKSPACE_WRAPPER RUSTC_WRAPPER"
     " RUSTFLAGS"),
    ("make and compilers", "runs commands, or finds programs elsewhere",
     "COMPILER_PATH GCC_EXEC_PREFIX GNUMAKEFLAGS MAKEFILES MAKEFLAGS MFLAGS"),
    ("git", "runs commands, sets options that name commands, or trusts any certificate",
     "GIT_ALLOW_PROTOCOL GIT_ASKPASS GIT_COMMON_DIR GIT_CONFIG* GIT_DIR GIT_EDITOR GIT_EXEC_PATH"
     " GIT_EXTERNAL_DIFF GIT_PAGER GIT_PROXY_COMMAND GIT_SEQUENCE_EDITOR GIT_SSH GIT_SSH_COMMAND"
     " GIT_SSL_NO_VERIFY GIT_TEMPLATE_DIR"),
    ("other tools", "runs commands, or loads plugins",
     "APT_CONFIG BORG_RSH CVS_RSH GIO_EXTRA_MODULES GIO_MODULE_DIR GRADLE_USER_HOME GTK_MODULES"
     " GTK_PATH LIBMYSQL_PLUGINS LIBMYSQL_PLUGIN_DIR MAGICK_CODER_MODULE_PATH"
     " MAGICK_CONFIGURE_PATH PSModulePath QT_PLUGIN_PATH RSYNC_CONNECT_PROG RSYNC_RSH SASL_PATH"
     " SSH_ASKPASS SSH_SK_PROVIDER SUDO_ASKPASS SVN_SSH SYSTEM_WGETRC TAR_OPTIONS WGETRC"
     " XTABLES_LIBDIR ZIPOPT"),
)  # fmt: skip

# Read by their programs in any letter case.
_ANY_CASE = ("NPM_CONFIG_", "PNPM_CONFIG_", "DOTNET_", "COMPLUS_", "CORECLR_", "COR_")
# Of a family above, and harmless: what images set for npm.
HARMLESS = frozenset(
    """
    NPM_CONFIG_AUDIT NPM_CONFIG_COLOR NPM_CONFIG_FUND NPM_CONFIG_LOGLEVEL NPM_CONFIG_PRODUCTION
    NPM_CONFIG_PROGRESS NPM_CONFIG_UPDATE_NOTIFIER
    """.split()
)
# Not refused on purpose, although a program that reads them runs or loads what they say: they have
# a public plain use, and the one who sets them for an app means it.
PLAIN_USE = """
    ANT_OPTS AWS_CONFIG_FILE CARGO_HOME CATALINA_OPTS CURL_CA_BUNDLE DJANGO_SETTINGS_MODULE EDITOR
    FLASK_APP GOPROXY GOTOOLCHAIN GRADLE_OPTS GUNICORN_CMD_ARGS JAVA_HOME JAVA_OPTIONS JAVA_OPTS
    KRB5_CONFIG KUBECONFIG MAVEN_ARGS MAVEN_OPTS NODE_EXTRA_CA_CERTS PAGER REQUESTS_CA_BUNDLE
    SBT_OPTS SSL_CERT_DIR SSL_CERT_FILE TEMP TMP VISUAL XDG_CONFIG_HOME
""".split()

_NAMES = " ".join([names for _, _, names in DANGEROUS])
_UPPER = _NAMES.upper().split()
_DANGEROUS = frozenset(_NAMES.split() + _UPPER)
_FAMILIES = tuple([name[:-1] for name in _UPPER if name[-1] == "*"])


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
    if name.upper().startswith(_ANY_CASE):
        name = name.upper()
    return name in _DANGEROUS or (name.startswith(_FAMILIES) and name not in HARMLESS)


def is_platform(name: str) -> bool:
    """Whether the name belongs to the platform and is never overridden."""
    return name.startswith(PLATFORM_PREFIX)


def all_plain(names: Collection[str]) -> bool:
    """Whether every name is valid, none dangerous and none the platform's: five thousand names
    together in the time that forty take one by one.
    """
    if not (_DANGEROUS.isdisjoint(names) and all(map(is_valid, names))):
        return False
    lines = "\n" + "\n".join(names).upper()
    if not any("\n" + prefix in lines for prefix in (*_FAMILIES, *_ANY_CASE, PLATFORM_PREFIX)):
        return True
    return not any(is_dangerous(name) or is_platform(name) for name in names)


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
