"""Flag over variable over manifest over default, with origins, and what is refused."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cycle_exec.errors import Refused
from cycle_exec.settings import resolve as module
from cycle_exec.settings.model import (
    DEFAULT_MANIFEST,
    UNLIMITED,
    Api,
    CertificateRequest,
    EnvironmentRules,
    IntegrationRequest,
    Invocation,
    Limit,
    Log,
    Manifest,
    Process,
    TemplateOutput,
    Variables,
    Vpn,
)
from cycle_exec.settings.options import OPTIONS


def _resolve(overrides=None, manifest=None, /, **environ):
    variables = {f"CYCLE_EXEC_{name}": value for name, value in environ.items()}
    invocation = Invocation(argv=(), environ=variables, cwd="/")
    return module.resolve(invocation, overrides or {}, manifest, "/m.toml", ("app",))


def _problems(overrides=None, manifest=None, /, **environ):
    with pytest.raises(Refused) as refused:
        _resolve(overrides, manifest, **environ)
    assert {problem.kind for problem in refused.value.problems} == {"usage"}
    return [(problem.subject, problem.reason) for problem in refused.value.problems]


def test_defaults():
    """Without anything the settings are the manifest's defaults, and have no origins."""
    settings = _resolve()
    assert settings.api == Api()
    assert settings.origins == {}
    assert settings.command == ("app",)
    assert settings.manifest_path == "/m.toml"


def test_order():
    """The flag wins over the variable, the variable over the manifest, and origins say so."""
    manifest = Manifest(api=Api(socket="m", metadata="m", timeout=1.0), log=Log(level="error"))
    settings = _resolve(
        {"socket": "f"}, manifest, SOCKET="v", METADATA="v", LOG_FORMAT="json", DEADLINE="1m"
    )
    assert settings.api == Api(socket="f", metadata="v", timeout=1.0, deadline=60.0)
    assert settings.log == Log(level="error", format="json")
    assert settings.origins == {
        "api.socket": "flag --socket",
        "api.metadata": "variable CYCLE_EXEC_METADATA",
        "api.deadline": "variable CYCLE_EXEC_DEADLINE",
        "log.format": "variable CYCLE_EXEC_LOG_FORMAT",
    }


def test_empty_variable():
    """An empty variable is as if it were not set."""
    empty = {option.variable.removeprefix("CYCLE_EXEC_"): "" for option in OPTIONS}
    assert _resolve({}, None, **empty) == _resolve()


@pytest.mark.parametrize(
    ("text", "value"),
    [
        *((word, True) for word in ("true", "YES", "on", "1")),
        *((word, False) for word in ("false", "No", "off", "0")),
    ],
)
def test_switch_variable(text, value):
    """A switch's variable is on or off by its word; 0 never switches on."""
    base = Manifest(log=Log(debug=not value))
    assert _resolve({}, base, DEBUG=text).log.debug is value


@pytest.mark.parametrize("text", ["2", "y", "enabled", " ", "-1"])
def test_switch_variable_refused(text):
    """Any other word refuses."""
    assert _problems({}, None, PRISTINE=text) == [
        ("variable CYCLE_EXEC_PRISTINE", "expects true or false (or yes, no, on, off, 1, 0)")
    ]


def test_switch_flag():
    """--no-keep-token turns off what variable and manifest turned on."""
    manifest = Manifest(environment=EnvironmentRules(keep_token=True, pristine=True))
    settings = _resolve({"keep-token": False}, manifest, KEEP_TOKEN="true")
    assert settings.environment == EnvironmentRules(keep_token=False, pristine=True)
    assert settings.origins == {"environment.keep_token": "flag --no-keep-token"}


def test_unions():
    """Names and files of all sources come together, the nearest last."""
    manifest = Manifest(
        environment=EnvironmentRules(files=("m", "both"), preserve=("M",)),
        variables=Variables(allow=("M",), prefix="X_"),
    )
    settings = _resolve(
        {"env-file": ("f", "m"), "preserve-env": ("A,B", "*"), "allow-variable": ("F",)},
        manifest,
        ENV_FILE="v, both",
        PRESERVE_ENV="V",
        ALLOW_VARIABLE="V,F",
    )
    assert settings.environment.files == ("v", "both", "f", "m")
    assert settings.environment.preserve == ("M", "V", "A", "B", "*")
    assert settings.variables == Variables(allow=("M", "V", "F"), prefix="X_")
    both = "flag --env-file and variable CYCLE_EXEC_ENV_FILE"
    assert settings.origins["environment.files"] == both


def test_integrations():
    """Integrations merge by identifier; a nearer prefix replaces, the rest of the entry stays."""
    manifest = Manifest(
        integrations=(
            IntegrationRequest(identifier="a", prefix="M", optional=True, env={"K": "auth.x"}),
            IntegrationRequest(identifier="b", vendor="aws", prefix="B"),
            IntegrationRequest(vendor="gcp"),
        )
    )
    settings = _resolve({"integration": ("a=F", "new")}, manifest, INTEGRATION="a=V,b,n2=N")
    assert settings.integrations == (
        IntegrationRequest(identifier="a", prefix="F", optional=True, env={"K": "auth.x"}),
        IntegrationRequest(identifier="b", vendor="aws", prefix="B"),
        IntegrationRequest(vendor="gcp"),
        IntegrationRequest(identifier="n2", prefix="N"),
        IntegrationRequest(identifier="new"),
    )


def test_templates():
    """Templates merge by target; a nearer source replaces, mode, owner and check stay."""
    manifest = Manifest(
        templates=(TemplateOutput(source="m", target="/t/x", mode=0o644, check=("true",)),)
    )
    settings = _resolve(
        {"template": ("f:/t//x/", "builtin:nginx/tls.conf.j2:/n.conf")}, manifest, TEMPLATE="v:/v:1"
    )
    assert settings.templates == (
        TemplateOutput(source="f", target="/t/x", mode=0o644, check=("true",)),
        TemplateOutput(source="v", target="/v:1"),
        TemplateOutput(source="builtin:nginx/tls.conf.j2", target="/n.conf"),
    )


def test_signal_map():
    """Entries merge by the signal that comes, however it is spelt; the nearest counts."""
    manifest = Manifest(process=Process(signal_map={"TERM": "QUIT", "HUP": "USR1"}))
    settings = _resolve(
        {"signal-map": ("SIGTERM:INT", "15:NONE")}, manifest, SIGNAL_MAP="TERM:USR2, USR1:SIGHUP"
    )
    expected = {"TERM": "INT", "HUP": "USR1", "USR1": "HUP", "15": "NONE"}
    assert settings.process.signal_map == expected
    (problem,) = _problems({"signal-map": ("TERM:KILL",)})
    assert problem == (
        "flag --signal-map",
        "expects FROM:TO, names or numbers of signals, TO may be NONE",
    )


def test_limits():
    """Entries merge by name; the nearest counts, and what it leaves out it does not have."""
    manifest = Manifest(
        process=Process(limits={"nofile": Limit(soft=1, hard=2), "core": Limit(soft=0)}, umask=0)
    )
    settings = _resolve(
        {"limit": ("stack=unlimited", "cpu=7:unlimited"), "umask": "027"},
        manifest,
        LIMIT="nofile=65536, cpu=1",
    )
    assert settings.process.limits == {
        "nofile": Limit(soft=65_536),
        "core": Limit(soft=0),
        "stack": Limit(soft=UNLIMITED),
        "cpu": Limit(soft=7, hard=UNLIMITED),
    }
    assert settings.process.umask == 0o027
    [[origin, reason]] = _problems({"limit": ("files=1",)})
    assert origin == "flag --limit"
    assert reason.startswith("expects NAME=SOFT[:HARD], NAME a resource limit: as, core, cpu, ")


def test_certificates():
    """--certificates turns certificates on, and keeps what the manifest says of them."""
    assert _resolve({"certificates": "/c"}).certificates == CertificateRequest(directory="/c")
    manifest = Manifest(certificates=CertificateRequest(directory="/m", minimum_days=3))
    assert _resolve({"certificates": "/c"}, manifest).certificates == CertificateRequest(
        directory="/c", minimum_days=3
    )
    assert _resolve({}, manifest).certificates == manifest.certificates


def test_user_and_helper():
    """--user and --vpn-helper replace the manifest's, the rest of its sections stays."""
    manifest = Manifest(
        process=Process(user="m", grace=3.0), vpn=Vpn(helper="/m", config="/c", probe=True)
    )
    settings = _resolve({"user": "app:app"}, manifest, VPN_HELPER="/v")
    assert settings.process == Process(user="app:app", grace=3.0)
    assert settings.vpn == Vpn(helper="/v", config="/c", probe=True)
    assert settings.origins == {
        "process.user": "flag --user",
        "vpn.helper": "variable CYCLE_EXEC_VPN_HELPER",
    }
    assert _resolve({"vpn-helper": "/f"}).vpn == Vpn(helper="/f")


def test_where_a_signal_map_comes_from():
    """A nearer entry for a signal replaces the farther one, in whichever spelling."""
    manifest = Manifest(process=Process(signal_map={"TERM": "QUIT", "HUP": "USR1"}))
    settings = _resolve(
        {"signal-map": ("SIGTERM:SIGUSR2",)}, manifest, SIGNAL_MAP="TERM:INT, 15:NONE"
    )
    assert settings.process.signal_map == {
        "TERM": "USR2",
        "HUP": "USR1",
        "15": "NONE",
    }
    both = "flag --signal-map and variable CYCLE_EXEC_SIGNAL_MAP"
    assert settings.origins["process.signal_map"] == both


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("timeout", "soon"),
        ("timeout", "5"),
        ("deadline", "0s"),
        ("deadline", "0ms"),
        ("socket", ""),
        ("metadata", ""),
        ("certificates", ""),
        ("certificates", "relative"),
        ("log-level", "loud"),
        ("log-level", ""),
        ("log-format", "xml"),
        ("integration", ("",)),
        ("integration", ("=A",)),
        ("integration", ("a=",)),
        ("integration", ("a=not-a-name",)),
        ("integration", ("a=A", "a=B")),
        ("template", ("a",)),
        ("template", ("a:",)),
        ("template", (":/b",)),
        ("template", ("a:b",)),
        ("template", ("a:/",)),
        ("template", ("builtin:a",)),
        ("template", ("builtin::/b",)),
        ("template", ("a:/t", "b:/t/")),
        ("env-file", ("",)),
        ("allow-variable", ("A-B",)),
        ("allow-variable", ("",)),
        ("preserve-env", ("",)),
        ("preserve-env", ("A,",)),
        ("preserve-env", ("A=B",)),
        ("preserve-env", ("true",)),
        ("umask", "22"),
        ("umask", "0o22"),
        ("limit", ("nofile",)),
        ("limit", ("nofile=",)),
        ("limit", ("nofile=1:",)),
        ("limit", ("nofile=:1",)),
        ("limit", ("nofile=1:2:3",)),
        ("limit", ("nofile=-1",)),
        ("limit", ("nofile=1234567890123456789",)),
        ("drain", "0s"),
        ("user", ""),
        ("user", ":app"),
        ("vpn-helper", ""),
        ("vpn-helper", "relative"),
        ("signal-map", ("",)),
        ("signal-map", ("TERM",)),
        ("signal-map", ("KILL:TERM",)),
        ("signal-map", ("TERM:CHLD",)),
        ("signal-map", ("TERM:",)),
    ],
)
def test_refused(name, value):
    """An unusable value refuses, naming the flag and never showing the value."""
    (problem,) = _problems({name: value})
    assert problem[0] == f"flag --{name}"
    assert problem[1].isascii()
    for part in (value,) if isinstance(value, str) else value:
        assert len(part) < 4 or part not in problem[1].replace("expects", "")


def test_all_at_once():
    """Every unusable flag and variable is told in one refusal."""
    problems = _problems(
        {"timeout": "x", "template": ("a", "b:c"), "log-level": "x"},
        None,
        DEADLINE="0s",
        DEBUG="maybe",
        ENV_FILE="a,,b",
    )
    assert sorted(subject for subject, _ in problems) == [
        "flag --log-level",
        "flag --template",
        "flag --template",
        "flag --timeout",
        "variable CYCLE_EXEC_DEADLINE",
        "variable CYCLE_EXEC_DEBUG",
        "variable CYCLE_EXEC_ENV_FILE",
    ]


def test_overruled_variable():
    """A variable that a flag overrules is not judged."""
    assert _resolve({"timeout": "1s"}, None, TIMEOUT="soon").api.timeout == 1.0


def test_vendor_clash():
    """An identifier that the manifest asks for as a vendor refuses: they would share a name."""
    manifest = Manifest(integrations=(IntegrationRequest(vendor="aws"),))
    (problem,) = _problems({"integration": ("aws=A",)}, manifest)
    assert problem == ("flag --integration", "names what the manifest asks for as a vendor")


@pytest.mark.parametrize(
    ("flags", "environ", "expected"),
    [
        ({}, {}, (DEFAULT_MANIFEST, False)),
        ({}, {"CYCLE_EXEC_MANIFEST": ""}, (DEFAULT_MANIFEST, False)),
        ({}, {"CYCLE_EXEC_MANIFEST": "v"}, ("v", True)),
        ({"manifest": "f"}, {"CYCLE_EXEC_MANIFEST": "v"}, ("f", True)),
    ],
)
def test_manifest_path(flags, environ, expected):
    """The manifest is named by flag, by variable, or is the default one."""
    invocation = Invocation(argv=(), environ=environ, cwd="/")
    assert module.manifest_path(invocation, flags) == expected


def test_manifest_path_empty():
    """An empty --manifest refuses."""
    with pytest.raises(Refused):
        module.manifest_path(Invocation(argv=(), environ={}, cwd="/"), {"manifest": ""})


@given(
    st.dictionaries(
        st.sampled_from([option.variable for option in OPTIONS]), st.text(max_size=8), max_size=5
    )
)
def test_any_variables(environ):
    """Whatever the variables hold, there are settings or a refusal for usage."""
    invocation = Invocation(argv=(), environ=environ, cwd="/")
    code = 0
    try:
        module.resolve(invocation, {}, None, "", ())
    except Refused as refused:
        code = refused.code
    assert code in (0, 64)


def test_variables_that_look_like_settings():
    """A misspelt one is named, with the nearest; all others are no business of ours."""
    environ = {
        "CYCLE_EXEC_TIMEOT": "1s",
        "CYCLE_EXEC_SOCKET": "/s",
        "CYCLE_EXECUTOR": "x",
        "OTHER": "y",
    }
    assert module.unknown_variables(environ) == [
        "variable CYCLE_EXEC_TIMEOT is not a setting, did you mean CYCLE_EXEC_TIMEOUT"
    ]
    assert module.unknown_variables({option.variable: "" for option in OPTIONS}) == []


def test_what_stays_above_the_app():
    """Three ways each; a word that is none is refused by its origin."""
    given = _resolve({"stop-signal": "SIGUSR1", "restore": "always"}, RELOAD_MISSING="drop").process
    assert (given.stop_signal, given.restore, given.reload_missing) == ("USR1", "always", "drop")
    default = _resolve().process
    assert (default.stop_signal, default.restore, default.reload_missing) == (
        "TERM",
        "restart",
        "keep",
    )
    found = _problems({"stop-signal": "KILL", "restore": "never"}, RELOAD_MISSING="forget")
    assert sorted(subject for subject, _ in found) == [
        "flag --restore",
        "flag --stop-signal",
        "variable CYCLE_EXEC_RELOAD_MISSING",
    ]
