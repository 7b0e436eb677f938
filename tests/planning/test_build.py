"""The plan: settings, environment and answers joined, or all that is wrong with them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, contextmanager

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cycle_exec.errors import Problem, Refused
from cycle_exec.planning import build
from cycle_exec.planning.model import Crypto, Extension, FileWrite, Inputs, Plan, TemplateText
from cycle_exec.planning.templates import rendering, substitution
from cycle_exec.settings.model import (
    CertificateRequest,
    DotenvOutput,
    EnvironmentRules,
    IntegrationRequest,
    LastGood,
    Settings,
    VariableFile,
    Variables,
)
from cycle_exec.sources.model import Integration, Snapshot
from tests.support import issued

NOW = 1_800_000_000.0
CANARY = "c4n4ry-value"


def text(body: str, name: str = "a.j2", target: str = "/a") -> TemplateText:
    return TemplateText(name=name, text=body, target=target, mode=0o640, owner="app", check=("t",))


def planned(
    settings: Settings | None = None,
    snapshot: Snapshot | None = None,
    *texts: TemplateText,
    inherited: dict[str, str] | None = None,
    extend: Callable[[Sequence[FileWrite]], Extension] | None = None,
    bounded: Callable[[], AbstractContextManager[None]] | None = None,
    dotenv: Sequence[dict[str, str]] = (),
) -> Plan:
    settings = settings or Settings()
    sources = {each.name: each.text for each in texts}
    for name, value in settings.environment.set.items():
        if "{{" in value:
            sources[f"environment.set.{name}"] = value
    return build.build(
        settings,
        snapshot or Snapshot(),
        Inputs(
            inherited=inherited or {},
            texts=texts,
            dotenv_files=tuple(("a.env", values) for values in dotenv),
            owners={"app": (1000, 1001)},
            prepared=rendering.prepare(sources, substitution.parsed(sources)) if sources else None,
            now=NOW,
            bounded=bounded,
        ),
        Crypto(
            mismatch=lambda _key, _chain: None,
            keystore=lambda path, alias, *_: f"keystore of {alias} at {path}".encode(),
        ),
        extend,
    )


def refusal(*arguments, **named) -> list[Problem]:
    with pytest.raises(Refused) as caught:
        planned(*arguments, **named)
    assert CANARY not in repr(caught.value.problems)
    return list(caught.value.problems)


def rendered(body: str, snapshot: Snapshot | None = None, settings: Settings | None = None) -> str:
    return planned(settings, snapshot, text(body)).writes[0].content.decode()


def test_a_template_becomes_a_target_with_the_manifests_mode_owner_and_check():
    """What the manifest says of a template goes into the plan."""
    [write] = planned(None, Snapshot(variables={"A": "1"}), text("{{ variables.A }}")).writes
    assert (write.path, write.content, write.mode, write.owner, write.check) == (
        "/a",
        b"1",
        0o640,
        "app",
        ("t",),
    )
    assert write.origin == "template a.j2"


def test_the_context_has_variables_env_integrations_domains_and_resources():
    """Every documented name of the context is there."""
    snapshot = Snapshot(
        variables={"db-password": "v"},
        integrations={
            "s3": Integration(
                identifier="s3", vendor="aws", name="n", fields={"auth.secret": "k", "extra.b": "x"}
            )
        },
        domains=("a.example",),
        resources={"server": {"location_id": "here"}, "instances": [{"id": "1"}]},
    )
    settings = Settings(
        integrations=(IntegrationRequest(identifier="s3", prefix="S3"),),
        variables=Variables(defaults={"extra": "d"}),
    )
    body = (
        "{{ variables['db-password'] }} {{ variables.extra }} {{ env.DB_PASSWORD }} "
        "{{ env.S3_SECRET }} {{ integrations.s3.auth.secret }} {{ integrations['s3'].vendor }} "
        "{{ integrations.s3.extra.b }} {{ domains[0] }} {{ server.location_id }} "
        "{{ instances[0].id }}"
    )
    assert rendered(body, snapshot, settings) == "v d v k k aws x a.example here 1"


def test_env_has_what_environment_set_says_and_not_the_token():
    """Templates see the environment that the app will see."""
    settings = Settings(environment=EnvironmentRules(set={"B": "{{ env.A }}!", "C": "plain"}))
    body = text("{{ env.B }} {{ env.C }} {{ env.CYCLE_API_TOKEN is defined }}")
    inherited = {"A": "1", "CYCLE_API_TOKEN": CANARY}
    plan = planned(settings, None, body, inherited=inherited)
    assert plan.writes[0].content == b"1! plain False"
    assert plan.environ == {"A": "1", "B": "1!", "C": "plain"}


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_values_are_data_in_templates(value):
    """Whatever a value holds, it is placed verbatim, once."""
    snapshot = Snapshot(variables={"A": value.replace("\0", "")})
    content = planned(None, snapshot, text("<{{ variables.A }}>")).writes[0].content
    assert content == f"<{value}>".replace("\0", "").encode()


def test_all_problems_of_the_stage_come_together():
    """Names, values, templates, files and required variables are refused in one go."""
    settings = Settings(
        variables=Variables(
            required=("MISSING",), files=(VariableFile(variable="nope", target="/v"),)
        ),
    )
    snapshot = Snapshot(variables={"LD_PRELOAD": CANARY, "NUL": f"{CANARY}\0"})
    problems = refusal(settings, snapshot, text("{{ variables.X }}"), text("{{ 1/0 }}", "b.j2"))
    assert sorted((problem.kind, problem.subject) for problem in problems) == [
        ("name-refused", "variable LD_PRELOAD"),
        ("template-failed", "b.j2:1"),
        ("template-undefined", "a.j2:1"),
        ("value-refused", "variable NUL"),
        ("variable-missing", "scoped variable nope"),
        ("variable-missing", "variable MISSING"),
    ]


def test_a_resource_that_failed_refuses_only_where_it_is_used():
    """What was fetched on suspicion matters to the template that really names it."""
    broken = Problem(kind="unavailable", subject="server (GET /v1/server)", reason="it is down")
    snapshot = Snapshot(unusable={"server": broken})
    assert planned(None, snapshot, text("{{ 'server' }}")).writes[0].content == b"server"
    [problem] = refusal(None, snapshot, text("\n{{ server.hostname }}"))
    assert (problem.kind, problem.reason) == ("unavailable", "it is down")
    assert problem.subject == "a.j2: server (GET /v1/server)"


def test_the_metadata_file_is_a_name_like_any_other():
    """Its decoded content, or the problem of it."""
    body = text("{{ metadata.deployments.tags.blue }}")
    there = Snapshot(resources={"metadata": {"deployments": {"tags": {"blue": "v1"}}}})
    plan = planned(None, there, body)
    assert plan.writes[0].content == b"v1"
    problem = Problem(kind="unavailable", subject="metadata file /m", reason="it does not exist")
    [found] = refusal(None, Snapshot(unusable={"metadata": problem}), body)
    assert found.kind == "unavailable"


def test_the_dotenv_file_holds_what_is_exported_and_nothing_inherited():
    """The dotenv target has the fetched and set variables."""
    settings = Settings(
        dotenv=DotenvOutput(target="/env", reader="docker"),
        environment=EnvironmentRules(set={"C": "3"}),
    )
    plan = planned(settings, Snapshot(variables={"A": "1"}), inherited={"B": "2"})
    assert plan.writes[0].content == b"A=1\nC=3\n"


def test_two_templates_of_one_target_refuse():
    """A target has one source."""
    [problem] = refusal(None, None, text("1"), text("2", "b.j2"))
    assert (problem.kind, problem.subject) == ("target-refused", "/a")


def test_a_rendered_variable_cannot_hold_a_nul():
    """environment.set is checked as fetched values are."""
    settings = Settings(environment=EnvironmentRules(set={"A": "{{ '\\0' }}"}))
    assert refusal(settings)[0].kind == "value-refused"


def test_certificates_are_looked_at_only_when_they_are_asked_for():
    """A broken certificate that nothing uses does not stop the launch."""
    from cycle_exec.secret import Secret
    from cycle_exec.sources.model import Certificate

    broken = Certificate(
        id="1", domains=("a.example",), bundle=Secret("x"), private_key=Secret("y")
    )
    snapshot = Snapshot(certificates=(broken,))
    assert planned(None, snapshot, text("certificates")).writes[0].content == b"certificates"
    [used] = refusal(None, snapshot, text("{{ certificates['a.example'].cert }}"))[:1]
    assert used.kind == "certificate-refused"
    [asked, _] = refusal(Settings(certificates=CertificateRequest(directory="/c")), snapshot)
    assert (asked.kind, asked.subject) == ("certificate-refused", "certificate a.example")


KEYSTORES = CertificateRequest(
    directory="/c", formats=("pkcs12",), password_from="store-password", mode=0o640
)


def test_keystores_go_beside_the_pems_with_their_mode_and_place():
    """One for each domain, named after it, under the password that the manifest names."""
    snapshot = Snapshot(
        variables={"store-password": CANARY},
        certificates=(issued.answer("a.test", "*.b.test"),),
    )
    settings = Settings(certificates=KEYSTORES)
    one, two = planned(settings, snapshot).writes
    assert one.path == "/c/a.test/keystore.p12"
    assert one.content == b"keystore of a.test at /c/a.test/keystore.p12"
    assert two.path == "/c/_wildcard.b.test/keystore.p12"
    assert (one.kind, one.name, one.mode) == ("certificate", "a.test", 0o640)
    assert (one.directory, one.domain, one.member) == ("/c", "a.test", "keystore.p12")
    assert (two.name, two.domain) == ("*.b.test", "_wildcard.b.test")
    body = "{{ certificates['a.test'].paths.keystore }}"
    assert rendered(body, snapshot, settings) == "/c/a.test/keystore.p12"


def test_pems_go_below_the_folder_of_their_domain():
    """One for each of certbot's names, with the manifest's mode and the text that it stands for."""
    snapshot = Snapshot(certificates=(issued.answer("a.test", "*.b.test"),))
    settings = Settings(certificates=CertificateRequest(directory="/c", mode=0o640))
    found = {write.path: write for write in planned(settings, snapshot).writes}
    assert sorted(found) == [
        f"/c/{domain}/{name}.pem"
        for domain in ("_wildcard.b.test", "a.test")
        for name in ("cert", "chain", "fullchain", "privkey")
    ]
    leaf, middle = issued.pem(issued.leaf("a.test", "*.b.test")), issued.pem(issued.middle())
    for name, content in {
        "cert": leaf,
        "chain": middle,
        "fullchain": leaf + middle,
        "privkey": issued.key_pem(issued.key()),
    }.items():
        write = found[f"/c/a.test/{name}.pem"]
        assert write.content.decode() == content
        assert (write.kind, write.name, write.mode) == ("certificate", "a.test", 0o640)
        assert (write.directory, write.domain, write.member) == ("/c", "a.test", f"{name}.pem")


def test_a_template_sees_paths_of_the_files_that_are_written():
    """None where certificates go to no folder; keystore and combined where they are asked for."""
    snapshot = Snapshot(certificates=(issued.answer("a.test"),))
    body = "{{ certificates['a.test'].paths | sort | join(' ') }}"
    assert rendered("{{ certificates['a.test'].paths is defined }}", snapshot) == "False"
    settings = Settings(certificates=CertificateRequest())
    assert rendered("{{ certificates['a.test'].paths is defined }}", snapshot, settings) == "False"
    settings = Settings(certificates=CertificateRequest(directory="/c"))
    assert rendered(body, snapshot, settings) == "cert chain fullchain privkey"
    assert rendered("{{ certificates['a.test'].paths.cert }}", snapshot, settings) == (
        "/c/a.test/cert.pem"
    )
    settings = Settings(certificates=CertificateRequest(directory="/c", formats=("combined",)))
    assert "combined" in rendered(body, snapshot, settings).split()


def test_pem_files_have_certbots_names():
    """Those of each format; chain.pem is there, but empty, for a leaf without a chain."""
    leaf, middle = issued.pem(issued.leaf("a.test")), issued.pem(issued.middle())
    key = issued.key_pem(issued.key())

    def written(*formats: str, bundle: str = leaf + middle) -> dict[str, str]:
        snapshot = Snapshot(certificates=(issued.answer("a.test", bundle=bundle),))
        request = CertificateRequest(directory="/c/", formats=formats)
        writes = planned(Settings(certificates=request), snapshot).writes
        return {write.path.removeprefix("/c/a.test/"): write.content.decode() for write in writes}

    assert written("pem", "combined") == {
        "privkey.pem": key,
        "cert.pem": leaf,
        "chain.pem": middle,
        "fullchain.pem": leaf + middle,
        "combined.pem": leaf + middle + key,
    }
    assert written("combined") == {"combined.pem": leaf + middle + key}
    assert written("pem", bundle=leaf)["chain.pem"] == ""


def test_a_file_beside_a_certificate_changes_with_it():
    """Whoever writes it; one that is elsewhere, or deeper, changes by itself."""
    snapshot = Snapshot(variables={"store-password": "p"}, certificates=(issued.answer("a.test"),))
    settings = Settings(certificates=KEYSTORES)
    texts = [text("x", name, f"/c/{name}") for name in ("a.test/x", "new.test/x", "x", "a/b/x")]
    found = {write.path: write for write in planned(settings, snapshot, *texts).writes}
    assert (found["/c/a.test/x"].directory, found["/c/a.test/x"].domain) == ("/c", "a.test")
    assert (found["/c/new.test/x"].domain, found["/c/new.test/x"].member) == ("new.test", "x")
    assert (found["/c/x"].directory, found["/c/a/b/x"].directory) == ("", "")


def test_what_has_to_see_every_target_adds_its_own():
    """After them; a target that is there already is refused, a refusal of its own is one."""
    seen: list[str] = []
    token = FileWrite(path="/token", content=b"t", mode=0o400, kind="vpn token", uid=7)

    def extend(writes: Sequence[FileWrite]) -> Extension:
        seen.extend(write.path for write in writes)
        return Extension(writes=(token,), warnings=("it is odd",))

    plan = planned(None, None, text("x"), extend=extend)
    assert (seen, plan.writes[-1], plan.warnings) == (["/a"], token, ("it is odd",))
    [problem] = refusal(None, None, text("x", "b.j2", "/token"), extend=extend)
    assert problem.reason == "both template b.j2 and vpn token use this target"


def test_a_plan_of_the_last_good_copy_says_how_old_it_is():
    """To the command, and to people in one warning that stands first."""
    settings = Settings(last_good=LastGood(path="/copy"))
    plan = planned(settings, Snapshot(variables={"A": "1"}, stale=90))
    assert (plan.stale, plan.environ["CYCLE_EXEC_STALE_SECONDS"]) == (90, "90")
    assert plan.sources["CYCLE_EXEC_STALE_SECONDS"] == "last good copy"
    assert plan.warnings[0].endswith("this is the last good copy, 90 s old (/copy)")


def test_owners_are_ids_once_the_plan_is_made():
    """By the text of the settings; -1 where nobody was named."""
    [write] = planned(None, None, text("x")).writes
    assert (write.owner, write.uid, write.gid) == ("app", 1000, 1001)
    [other] = planned(None, None, text("x").replace(owner="")).writes
    assert (other.owner, other.uid, other.gid) == ("", -1, -1)


def test_a_default_is_a_keystores_password_too():
    """As it is the value of a variable that is missing."""
    snapshot = Snapshot(certificates=(issued.answer("a.test"),))
    settings = Settings(
        certificates=KEYSTORES, variables=Variables(defaults={"store-password": "default"})
    )
    assert len(planned(settings, snapshot).writes) == 1


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        ("", "variable-missing"),
        (CANARY + "\u00e9", "value-refused"),
        (CANARY + "\n", "value-refused"),
    ],
)
def test_a_keystores_password_that_is_missing_or_odd_refuses(value, kind):
    """By the variable's name: Java opens nothing with other characters."""
    snapshot = Snapshot(
        variables={"store-password": value}, certificates=(issued.answer("a.test"),)
    )
    [problem] = refusal(Settings(certificates=KEYSTORES), snapshot)
    assert (problem.kind, problem.subject) == (kind, "scoped variable store-password")


def test_a_key_that_no_keystore_holds_refuses():
    """With the certificate's name."""
    snapshot = Snapshot(
        variables={"store-password": CANARY}, certificates=(issued.answer("a.test"),)
    )
    with pytest.raises(Refused) as caught:
        build.build(
            Settings(certificates=KEYSTORES),
            snapshot,
            Inputs(inherited={}, now=NOW),
            Crypto(mismatch=lambda *_: None, keystore=lambda *_: "it is odd"),
        )
    assert caught.value.problems == (
        Problem(kind="certificate-refused", subject="certificate a.test", reason="it is odd"),
    )


def test_a_template_that_computes_is_rendered_within_bounds():
    """One that only puts values in their places needs none."""
    entered = []

    @contextmanager
    def bounded():
        entered.append("in")
        yield

    plan = planned(
        None,
        None,
        text("{{ env.A }}", "a.j2", "/a"),
        text("{% for each in (1, 2) %}{{ each }}{% endfor %}", "b.j2", "/b"),
        inherited={"A": "x"},
        bounded=bounded,
    )
    assert [write.content for write in plan.writes] == [b"x", b"12"]
    assert entered == ["in"]


def test_without_the_platform_templates_and_files_have_what_is_given_by_hand():
    """Under the names that the app reads; no certificate is missed, and the plan says so."""
    settings = Settings(
        variables=Variables(
            required=("DB",),
            rename={"db-password": "PGPASSWORD"},
            files=(VariableFile(variable="KEY", target="/key"),),
        )
    )
    body = '{{ variables.DB }} {{ variables["db-password"] }} {{ certificates | length }}'
    snapshot = Snapshot(offline=True, certificates=())
    given = {"DB": "db", "PGPASSWORD": "p", "KEY": "k"}
    plan = planned(settings, snapshot, text(body), inherited=given)
    assert {write.path: write.content for write in plan.writes} == {"/a": b"db p 0", "/key": b"k"}
    assert plan.environ == {"DB": "db", "PGPASSWORD": "p", "KEY_FILE": "/key"}
    assert plan.offline
    with pytest.raises(Refused) as refused:
        planned(settings, snapshot, inherited={"KEY": "k"})
    [problem] = refused.value.problems
    assert problem.kind == "variable-missing"
    assert problem.way_out.startswith("set it in the environment or in an --env-file")


def test_without_the_platform_a_dotenv_file_says_what_the_platform_would():
    """A default is for what it lacks; beside the platform a file is less than a default."""
    defaults = {"DB": "default", "db-password": "default", "NEW": "default"}
    settings = Settings(
        variables=Variables(rename={"db-password": "PGPASSWORD"}, defaults=defaults)
    )
    dotenv = ({"DB": "one", "PGPASSWORD": ""}, {"DB": "two"})
    body = '{{ variables.DB }} {{ variables["db-password"] }} {{ variables.NEW }}'
    plan = planned(settings, Snapshot(offline=True), text(body), dotenv=dotenv)
    assert plan.environ == {"DB": "two", "PGPASSWORD": "default", "NEW": "default"}
    assert plan.writes[0].content == b"two default default"
    plan = planned(settings, Snapshot(), text(body), dotenv=dotenv)
    assert plan.environ["DB"] == "default"
    assert plan.writes[0].content == b"default default default"
