"""The manifest: what it means, and every way to refuse it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cycle_exec.errors import Problem, Refused
from cycle_exec.settings.manifest.manifest import parse
from cycle_exec.settings.model import (
    UNLIMITED,
    Api,
    Before,
    CertificateRequest,
    DotenvOutput,
    EnvironmentRules,
    IntegrationFile,
    IntegrationRequest,
    Limit,
    Log,
    Manifest,
    Process,
    TemplateOutput,
    VariableFile,
    Variables,
)

FULL = """
[api]
socket = "/s"
metadata = "/md"
timeout = "500ms"
deadline = "1m30s"
[variables]
only = ["DATABASE_*"]
exclude = ["X_?"]
required = ["db-url"]
defaults = { LOG_LEVEL = "" }
rename = { db-password = "DB_PASSWORD" }
prefix = "P_"
allow = ["NODE_OPTIONS"]
files = { KEY = { target = "/k", decode = "base64", mode = "640", owner = "a:b" } }
[environment]
precedence = "inherited"
preserve = ["*"]
pristine = true
unset = ["node.name"]
set = { A = "{{ x }}" }
keep_token = true
files = [".env"]
[[integrations]]
identifier = "s3"
vendor = "aws"
optional = true
prefix = "S3"
env = { K = "auth.key_id" }
files = { "/j" = { field = "auth.base64_config", decode = "base64" } }
[[integrations]]
vendor = "gcp"
[certificates]
directory = "/c"
domains = ["*.example.com"]
container_id = "c1"
formats = ["pem", "combined", "pkcs12"]
password_from = "KEYSTORE_PASSWORD"
minimum_days = 0
allow_expired = true
owner = ":tls"
mode = "0444"
[[templates]]
source = "rel/t.j2"
target = "/t"
mode = "0644"
owner = "0:0"
check = ["nginx", "-t"]
[dotenv]
target = "/d"
reader = "docker"
mode = "0600"
owner = "app"
[[wait]]
for = "tcp://db:5432"
[[wait]]
for = "dns://{{ x }}"
[[before]]
command = ["migrate", "--all"]
timeout = "2m"
on_restart = true
output = "raw"
[[before]]
command = ["x"]
[process]
directory = "/"
umask = "027"
limits = { nofile = 65_536, core = { soft = 0, hard = "unlimited" }, stack = "unlimited" }
init = true
drain = "1s"
grace = "5s"
signal_map = { SIGTERM = "QUIT", "15" = "NONE", RTMAX = "SIGRTMIN+30" }
[log]
level = "debug"
format = "json"
debug = true
"""


def test_full():
    """Every key arrives in its field, durations in seconds, modes as integers."""
    assert parse(FULL, "m") == Manifest(
        api=Api(socket="/s", metadata="/md", timeout=0.5, deadline=90.0),
        variables=Variables(
            only=("DATABASE_*",),
            exclude=("X_?",),
            required=("db-url",),
            defaults={"LOG_LEVEL": ""},
            rename={"db-password": "DB_PASSWORD"},
            prefix="P_",
            allow=("NODE_OPTIONS",),
            files=(
                VariableFile(variable="KEY", target="/k", decode="base64", mode=0o640, owner="a:b"),
            ),
        ),
        environment=EnvironmentRules(
            precedence="inherited",
            preserve=("*",),
            pristine=True,
            unset=("node.name",),
            set={"A": "{{ x }}"},
            keep_token=True,
            files=(".env",),
        ),
        integrations=(
            IntegrationRequest(
                identifier="s3",
                vendor="aws",
                optional=True,
                prefix="S3",
                env={"K": "auth.key_id"},
                files=(IntegrationFile(target="/j", field="auth.base64_config", decode="base64"),),
            ),
            IntegrationRequest(vendor="gcp"),
        ),
        certificates=CertificateRequest(
            directory="/c",
            domains=("*.example.com",),
            container_id="c1",
            formats=("pem", "combined", "pkcs12"),
            password_from="KEYSTORE_PASSWORD",
            minimum_days=0,
            allow_expired=True,
            owner=":tls",
            mode=0o444,
        ),
        templates=(
            TemplateOutput(
                source="rel/t.j2", target="/t", mode=0o644, owner="0:0", check=("nginx", "-t")
            ),
        ),
        dotenv=DotenvOutput(target="/d", reader="docker", mode=0o600, owner="app"),
        wait=("tcp://db:5432", "dns://{{ x }}"),
        before=(
            Before(command=("migrate", "--all"), timeout=120.0, on_restart=True, output="raw"),
            Before(command=("x",)),
        ),
        process=Process(
            directory="/",
            umask=0o027,
            limits={
                "nofile": Limit(soft=65_536),
                "core": Limit(soft=0, hard=UNLIMITED),
                "stack": Limit(soft=UNLIMITED),
            },
            init=True,
            drain=1.0,
            grace=5.0,
            signal_map={"TERM": "QUIT", "15": "NONE", "RTMAX": "RTMIN+30"},
        ),
        log=Log(level="debug", format="json", debug=True),
    )


def test_empty():
    """Without keys every default holds; an empty [certificates] asks for certificates."""
    assert parse("", "m") == Manifest()
    assert parse("[certificates]\n[log]\n", "m") == Manifest(certificates=CertificateRequest())


def _problems(text):
    with pytest.raises(Refused) as refused:
        parse(text, "dir/m.toml")
    assert refused.value.code == 78
    assert {problem.kind for problem in refused.value.problems} == {"manifest-invalid"}
    for problem in refused.value.problems:
        assert problem.reason.isascii()
        assert problem.reason.isprintable()
    return [(problem.subject, problem.reason) for problem in refused.value.problems]


def _problem(text):
    (problem,) = _problems(text)
    return problem


ABSOLUTE = "an absolute path below /, it must begin with /"
VARIABLE = "a variable name of letters, digits and _, not beginning with a digit"
FIELD = "a field of the integration such as auth.api_key or extra.bucket"
MODE = 'a text of octal digits such as "0600" or "644", at most "0777"'


@pytest.mark.parametrize(
    ("text", "line", "reason"),
    [
        (
            '\n[variables]\nrequird = ["A"]',
            3,
            "variables.requird is not a known key, did you mean required",
        ),
        ("[variabels]", 1, "variabels is not a known key, did you mean variables"),
        ("[vnp]\nprobe = true", 1, "vnp is not a known key"),
        ("[vpn]\nhelper = 'cycle-exec'", 2, "vpn.helper expects an absolute path"),
        ("[vpn]\nprobe = 'yes'", 2, "vpn.probe expects true or false"),
        ("[vpn.login]\nusername = 'A'", 1, "vpn.login.password is missing"),
        ("[process]\nuser = ':app'", 2, "process.user expects user or user:group, names or num"),
        ("[process]\ngrace = 5", 2, "process.grace expects a duration longer than zero"),
        ("[process.signal_map]\nKILL = 'TERM'", 2, "the key process.signal_map.KILL must be"),
        ("[process.signal_map]\nTERM = 'CHLD'", 2, "process.signal_map.TERM expects the name or"),
        ("[certificates]\non_change = 'stop'", 2, 'certificates.on_change expects "none", "resta'),
        ("[certificates]\non_change = 'signal:KILL'", 2, 'certificates.on_change expects "none"'),
        ("[certificates]\non_change = ['a']", 2, 'certificates.on_change expects "none", "restar'),
        (
            "[certificates]\non_change = { command = [] }",
            2,
            "certificates.on_change.command expects an array that is not empty",
        ),
        ("[process]\nreload_splay = 5", 2, "process.reload_splay expects a duration longer than"),
        ("[certificates]\nformats = ['jks']", 2, 'certificates.formats expects "pem" or "combin'),
        (
            "[certificates]\nmode = '0600'\nformats = ['pem', 'pkcs12']",
            3,
            "certificates.password_from is missing, which pkcs12 needs",
        ),
        ("[certificates]\nformats = []", 2, "certificates.formats expects an array that is not e"),
        (
            "[[templates]]\nsource='a'\ntarget='/a'\nchek=['x']",
            4,
            "templates.chek is not a known key, did you mean check",
        ),
        ("[api]\nsocket = 5", 2, "api.socket expects a path that is not empty and has no NUL, not"),
        ("[api]\nsocket = ''", 2, "api.socket expects a path that is not empty and has no NUL"),
        ("[api]\ntimeout = 5", 2, "api.timeout expects a duration longer than zero such as 500ms"),
        ("[api]\ntimeout = '5'", 2, "api.timeout expects a duration longer than zero such as 500"),
        ("[api]\ndeadline = '0s'", 2, "api.deadline expects a duration longer than zero such as "),
        ("[api]\noffline = 'nevr'", 2, 'api.offline expects true, false or "never"'),
        ("[api]\noffline = 1", 2, 'api.offline expects true, false or "never", not a whole nu'),
        ("api = 1", 1, "api expects a table, not a whole number"),
        ("[[api]]", 1, "api expects a table, not an array"),
        (
            "[integrations]",
            1,
            "integrations expects an array of tables, written [[integrations]], ",
        ),
        ("templates = [1]", 1, "templates expects a table, not a whole number"),
        ("[environment]\npristine = 1", 2, "environment.pristine expects true or false, not a wh"),
        ("[environment]\npristine = 'true'", 2, "environment.pristine expects true or false, not"),
        ("[environment]\nprecedence = 'x'", 2, 'environment.precedence expects "fetched" or "inh'),
        ("[environment]\nset = { A = 1 }", 2, "environment.set.A expects a string without NUL, n"),
        ("[environment]\nset = 'A'", 2, "environment.set expects a table, not a string"),
        ("[environment.set]\n1A = 'x'", 2, f"the key environment.set.1A must be {VARIABLE}"),
        ("[environment.set]\n'a b' = 'x'", 2, f'the key environment.set."a b" must be {VARIABLE}'),
        ("[environment]\nunset = ['A=B']", 2, "environment.unset expects a variable name, not em"),
        ('[environment.set]\nA = "\\u0000"', 2, "environment.set.A expects a string without NUL"),
        ("[variables]\nonly = 'A'", 2, "variables.only expects an array of strings, not a string"),
        ("[variables]\nonly = [\n'A',\n'']", 4, "variables.only expects a name or a glob with * a"),
        ("[variables]\nonly = ['A\\u0000']\nexclude = [1979-05-27]", 3, "variables.exclude expect"),
        (
            "[variables]\nallow = ['A-B']",
            2,
            "variables.allow expects a variable name of letters, digits and _, or a glob",
        ),
        ("[variables]\nprefix = '1'", 2, "variables.prefix expects empty, or letters, digits and"),
        ("[variables.rename]\na = 'B-C'", 2, f"variables.rename.a expects {VARIABLE}"),
        ("[variables.files]\nA = '/a'", 2, "variables.files.A expects a table, not a string"),
        ("[variables.files.A]\nmode = '600'", 1, "variables.files.A.target is missing"),
        ("[variables.files.A]\ntarget = 'a'", 2, f"variables.files.A.target expects {ABSOLUTE}"),
        (
            "[variables.files.A]\ntarget = '/a'\ndecode = 'hex'",
            3,
            'variables.files.A.decode expects "base64"',
        ),
        ("[[integrations]]\nprefix = 'A'", 1, "integrations.identifier or integrations.vendor is"),
        ("[[integrations]]\nvendor='a'\nenv.A = 'key'", 3, f"integrations.env.A expects {FIELD}"),
        ("[[integrations]]\nvendor='a'\nenv.A-B='auth.k'", 3, "the key integrations.env.A-B must"),
        ("[[integrations]]\nvendor='a'\nfiles.a = {field='auth.k'}", 3, "the key integrations.fil"),
        ("[[integrations]]\nvendor='a'\nfiles.'/a' = {}", 3, 'integrations.files."/a".field is mi'),
        (
            "[[integrations]]\nidentifier='a'\n[[integrations]]\nvendor='a'",
            3,
            "integrations: the same integration is listed twice, first on line 1",
        ),
        ("[certificates]\nminimum_days = true", 2, "certificates.minimum_days expects a whole num"),
        (
            "[certificates]\nminimum_days = -1",
            2,
            "certificates.minimum_days expects a whole number",
        ),
        ("[certificates]\nminimum_days = 7.0", 2, "certificates.minimum_days expects a whole num"),
        ("[certificates]\nmode = '4755'", 2, f"certificates.mode expects {MODE}"),
        (
            "[certificates]\nmode = 0o600",
            2,
            f"certificates.mode expects {MODE}, not a whole",
        ),
        ("[certificates]\nowner = 'a b'", 2, "certificates.owner expects user, user:group or :gro"),
        ("[[templates]]\ntarget = '/a'", 1, "templates.source is missing"),
        ("[[templates]]\nsource='a'\ntarget='a'", 3, f"templates.target expects {ABSOLUTE}"),
        (
            "[[templates]]\nsource='a'\ntarget='/a'\ncheck=[]",
            4,
            "templates.check expects an array ",
        ),
        (
            "[[templates]]\nsource='a'\ntarget='/a'\ncheck='x'",
            4,
            "templates.check expects an array",
        ),
        (
            "[[templates]]\nsource='a'\ntarget='/a'\ncheck=['']",
            4,
            "templates.check expects a strin",
        ),
        (
            "[dotenv]\ntarget = '/a'\n[[templates]]\nsource='a'\ntarget='//a/'",
            2,
            "dotenv.target: the same target is there twice, first on line 5",
        ),
        (
            "[variables.files.A]\ntarget='/a/b'\n[[integrations]]\nvendor='x'\n"
            "files.'/a/./b' = {field='auth.k'}",
            5,
            'integrations.files."/a/./b": the same target is there twice, first on line 2',
        ),
        ("[process]\ndirectory = 'srv'", 2, "process.directory expects an absolute path, it must"),
        ("[[before]]\ntimeout = '1s'", 1, "before.command is missing"),
        ("[[before]]\ncommand = []", 2, "before.command expects an array that is not empty"),
        ("[before]\ncommand = ['x']", 1, "before expects an array of tables, written [[before]]"),
        (
            "[process]\numask = '22'",
            2,
            'process.umask expects a text of octal digits such as "0027',
        ),
        (
            "[process]\nlimits = {NOFILE = 1}",
            2,
            "the key process.limits.NOFILE must be a resource ",
        ),
        (
            "[process]\nlimits = {nofile = -1}",
            2,
            'process.limits.nofile expects a whole number from 0 on, "unlimited" or { soft = N, ',
        ),
        ("[process]\nlimits.core = {soft = 1}", 2, "process.limits.core.hard is missing"),
        (
            "[process]\nlimits.core = {soft = 1, hard = true}",
            2,
            'process.limits.core.hard expects a whole number from 0 on, or "unlimited"',
        ),
        ("[log]\nlevel = 'loud'", 2, 'log.level expects "error" or "warning" or "notice" or "info'),
        ('"\\u00e9\\u001b" = 1', 1, '"??" is not a known key, known here: api, '),
        ('"" = 1', 1, '"" is not a known key, known here: api, '),
    ],
)
def test_refused(text, line, reason):
    """One wrong thing refuses with its line, its key and what is expected."""
    problems = [problem for problem in _problems(text) if problem[1].startswith(reason)]
    assert [subject for subject, _ in problems] == [f"dir/m.toml:{line}"]


def test_all_at_once():
    """Every problem is told, in the order of the lines."""
    text = "[log]\ndebug = 1\nx = 1\n[api]\ntimeout = ''\nsokcet = 'secret-value'\n[[templates]]\n"
    problems = _problems(text)
    assert [subject for subject, _ in problems] == [f"dir/m.toml:{n}" for n in (2, 3, 5, 6, 7, 7)]
    assert problems[3][1] == "api.sokcet is not a known key, did you mean socket"


def test_a_key_that_is_the_beginning_of_one_is_that_one():
    """Of `[env]` people mean the environment, not the dotenv file."""
    [(_, reason)] = _problems("[env]\nA = 1")
    assert reason == "env is not a known key, did you mean environment"


@pytest.mark.parametrize(
    ("text", "line", "reason"),
    [
        (
            "[[templates]]\nmode = 0640",
            2,
            'a number does not begin with 0: put it in quotes, as in mode = "0640"',
        ),
        (
            "[process]\numask = 022",
            2,
            'a number does not begin with 0: put it in quotes, as in mode = "0640"',
        ),
        ("a = 1\nsocket = /var/run", 2, "this value is not valid TOML (strings stand in quotes)"),
        ("a", 1, "there is no = after the key"),
        ("a = 1 b = 2", 1, "there is more after the value than belongs to it"),
        ("\na = 1\na = 2", 3, "this key is there twice"),
        ("[a]\n[a]", 2, "this table is there twice"),
        ("a = {}\n[a.b]", 2, "this table is there twice"),
        ("a = {b=1,b=2}", 1, "this key is there twice"),
        ('a = "x\nb = 1', 1, "the string has no closing quote"),
        ('a = "x\ny"', 1, "the string has no closing quote"),
        ("a = 'x\nb = 1", 2, "a string that begins here or earlier has no closing quote"),
        ('\na = """x', 2, "the string has no closing quote"),
        ("\na = '''x", 2, "a string that begins here or earlier has no closing quote"),
        ('a = "\\q"', 1, "a backslash here must be doubled, or write '...'"),
        ("a = [1", 1, "the array has no closing ]"),
        ("a = {b = 1", 1, "the table has no closing }, or goes over the end of the line"),
        ("[a\nb = 1", 1, "the table's header has no closing ]"),
        ("= 1", 1, "this is neither KEY = VALUE nor a [table]"),
        ("\ufeff[api]", 1, "it begins with a byte order mark, save it without"),
        ("a = 2024-02-30T00:00:00", 1, "this date does not exist"),
        ("a = " + "[" * 100_000, 1, "its values are nested too deeply"),
        (
            "\na = '''\u2028\x85\u2028x",
            2,
            "a string that begins here or earlier has no closing quote",
        ),
        ('a = {" (at line 9,"=1," (at line 9,"=2', 1, "this key is there twice"),
    ],
)
def test_syntax(text, line, reason):
    """TOML that is none refuses with its line in our own words."""
    assert _problem(text) == (f"dir/m.toml:{line}", reason)


class _WithLine(ValueError):
    lineno = 2


@pytest.mark.parametrize(
    "error",
    [
        ValueError("Invalid value (at line 2, column 10)"),
        _WithLine("Invalid value (at line 2, column 10)"),
    ],
)
def test_a_syntax_errors_line_is_told_on_any_python(monkeypatch, error):
    """Python 3.14 gives it as a number; all before it in their last words alone."""

    def loads(text):
        raise error

    monkeypatch.setattr("tomllib.loads", loads)
    assert _problem("a = 1\nsocket = /var/run") == (
        "dir/m.toml:2",
        "this value is not valid TOML (strings stand in quotes)",
    )


def test_huge_number():
    """A number of five thousand digits refuses."""
    assert _problem("a = " + "9" * 5000)[1] == "this is not valid TOML"


@given(st.text(max_size=30) | st.text("[]{}=\"'\\\n#.,a1 ", max_size=40))
def test_any_text(text):
    """Any text is a manifest or is refused; no other exception, nothing unprintable."""
    problems: tuple[Problem, ...] = ()
    try:
        parse(text, "m")
    except Refused as refused:
        problems = refused.problems
    for problem in problems:
        assert problem.code == 78
        assert problem.reason.isascii()
        assert problem.reason.isprintable()


CANARY = "ca-na/ry"


@pytest.mark.parametrize("key", ["api.socket", "log.level", "api.timeout", "environment.pristine"])
def test_no_values(key):
    """A refusal never shows the value."""
    for value in (f'"{CANARY}\\u0000"', f'["{CANARY}"]', f'{{ a = "{CANARY}" }}'):
        assert CANARY not in _problem(f"{key} = {value}")[1]
    assert CANARY not in _problem(f"{key} = {CANARY}")[1]


def test_a_command_of_on_change_may_have_a_user():
    """And its tuple always has a place for one."""
    made = parse('[environment]\non_change = { command = ["a", "b"] }', "m.toml")
    assert made.environment.on_change == ("command", "", "a", "b")
    text = '[environment]\non_change = { command = ["a"], user = "app:app" }'
    made = parse(text, "m.toml")
    assert made.environment.on_change == ("command", "app:app", "a")


@pytest.mark.parametrize("value", [True, False, "never"])
def test_a_switch_may_have_a_third_position(value):
    """api.offline is true, false, or one word."""
    written = f'"{value}"' if isinstance(value, str) else str(value).lower()
    assert parse(f"[api]\noffline = {written}", "m.toml").api.offline == value
