"""`cycle-exec compile`: a launch uses what it wrote while it is the same, and no longer."""

from __future__ import annotations

import json
import os
import re

import pytest

from cycle_exec.launching import checking
from cycle_exec.planning.programs import generation
from cycle_exec.planning.programs.model import Generated
from cycle_exec.settings.compiled import packed
from cycle_exec.system import compiled, programs
from tests.support import machine

TEMPLATE = "{% if variables.PLAIN %}true {% include '_part.j2' %}{% endif %}"


class Image:
    """A manifest with one template, in a folder where it can be compiled."""

    def __init__(self, folder, verb):
        self.folder = folder
        self.manifest = folder / "cycle-exec.toml"
        self.template = folder / "in" / "page.j2"
        self.part = folder / "in" / "_part.j2"
        self.form = folder / "cycle-exec.toml.compiled"
        self.target = folder / "page"
        self.template.parent.mkdir()
        self.template.write_text(TEMPLATE)
        self.part.write_text("{% if 1 %}part{% endif %}")
        self.manifest.write_text(
            f'[[templates]]\nsource = "{self.template}"\ntarget = "{self.target}"\n'
        )
        self._verb = verb

    def compile(self):
        return self._verb("compile", "--manifest", self.manifest)

    def forge(self):
        """Put a program in the template's place that gives something else, to see if it is used."""
        checked = checking.checked(str(self.manifest))
        stored = {}
        for path in (self.template, self.part):
            text = path.read_text()
            made = generation.generated(str(path), text, checked.library)
            assert isinstance(made, Generated)
            code = programs.stored(made.code.replace("true", "forged"), str(path))
            stored[text] = tuple(made.used), made.parts, made.uses, code
        content = compiled.content(checked.content, packed(checked.manifest), stored)
        compiled.write(str(self.manifest), content)

    def launch(self):
        """What the template gave, and what was said at the level info."""
        words = ("--manifest", self.manifest, "--log-level", "info", "--", "true")
        ran = self._verb(*words)
        assert ran.code == 0, ran
        return self.target.read_text(), ran.err


@pytest.fixture
def image(tmp_path, verb):
    return Image(tmp_path, verb)


def test_what_is_compiled_is_used(image):
    """And gives the same as without; nothing is said of it."""
    before, _ = image.launch()
    ran = image.compile()
    assert (ran.code, ran.err) == (0, "")
    assert ran.out.startswith(f"{image.manifest}: compiled\n{image.template}: compiled\n")
    text, said = image.launch()
    assert before == text == "true part"
    assert "compiled" not in said
    image.forge()
    text, said = image.launch()
    assert text == "forged part"
    assert "compiled" not in said


def _append(path):
    path.write_text(path.read_text() + "\n")


def _header(old, new):
    def change(image):
        content = image.form.read_bytes()
        head, line, rest = content.partition(b"\n")
        assert re.search(old, head)
        image.form.write_bytes(re.sub(old, new, head) + line + rest)

    return change


def _link(image):
    image.form.rename(image.folder / "elsewhere")
    image.form.symlink_to("elsewhere")


def _directory(image):
    image.form.unlink()
    image.form.mkdir()


def _pipe(image):
    image.form.unlink()
    os.mkfifo(image.form)


def _damaged(image):
    """Where Python would load it nevertheless, as other code."""
    content = image.form.read_bytes()
    assert b"forged" in content
    image.form.write_bytes(content.replace(b"forged", b"forget"))


ANOTHER = "another version of cycle-exec, Python or Jinja2 has made it"
OTHERS = "others than its owner may write it"
STALE = {
    "the manifest": (lambda image: _append(image.manifest), "the manifest has changed since"),
    "the template": (lambda image: _append(image.template), "it has changed since"),
    "a part": (lambda image: _append(image.part), "it has changed since"),
    "cycle-exec": (_header(rb"cycle-exec \d[^ ]*", b"cycle-exec 0.0.1"), ANOTHER),
    "python": (_header(rb"cpython-\d+", b"cpython-310"), ANOTHER),
    "bytecode": (_header(rb"-[0-9a-f]{8} ", b"-00000000 "), ANOTHER),
    "jinja2": (_header(rb"jinja2-[^/]*dist-info", b"jinja2-3.0.0.dist-info"), ANOTHER),
    "written by the group": (lambda image: image.form.chmod(0o664), OTHERS),
    "written by others": (lambda image: image.form.chmod(0o606), OTHERS),
    "cut short": (lambda image: os.truncate(image.form, image.form.stat().st_size - 9), "damaged"),
    "damaged": (_damaged, "damaged"),
    "empty": (lambda image: image.form.write_bytes(b""), ANOTHER),
    "a link": (_link, "symbolic link"),
    "a directory": (_directory, "it is a directory"),
    "a pipe": (_pipe, "it is a named pipe"),
}


@pytest.mark.parametrize("what", STALE)
def test_what_has_changed_is_not_used(image, what):
    """The source is used, and that is said at the level info."""
    image.forge()
    change, reason = STALE[what]
    change(image)
    text, said = image.launch()
    assert text.strip().removesuffix("\n") == "true part"
    assert re.search(rf"the compiled form of \S+ is not used: .*{reason}", said)


def test_another_owner_is_not_believed(image):
    """Neither one who owns nothing, nor the manifest's owner where root starts: code is root's."""
    if os.geteuid() != 0:
        machine.missing("root")
    image.forge()
    os.chown(image.form, 12345, 12345)
    assert image.launch()[0] == "true part"
    os.chown(image.manifest, 12345, 12345)
    text, said = image.launch()
    assert text == "true part"
    assert "belongs neither to root nor to the manifest's owner, who starts cycle-exec" in said
    os.chown(image.form, 0, 0)
    assert image.launch()[0] == "forged part"


@pytest.mark.parametrize("who", ["owner", "everybody", "sticky", "above"])
def test_a_directory_that_others_can_change_is_not_believed(image, who):
    """Whoever can may move something there that root has written, with content of his."""
    if os.geteuid() != 0:
        machine.missing("root")
    image.forge()
    assert image.launch()[0] == "forged part"
    place = image.folder.parent if who == "above" else image.folder
    before = place.stat()
    if who == "owner":
        os.chown(place, 12345, 12345)
    else:
        place.chmod(0o1777 if who == "sticky" else 0o777)
    try:
        text, said = image.launch()
    finally:
        os.chown(place, before.st_uid, before.st_gid)
        place.chmod(before.st_mode & 0o7777)
    assert text == "true part"
    assert f"others can change {place}" in said


def test_it_is_written_for_its_owner_alone(image):
    """Whatever the manifest's mode is; readable for those who can read the manifest."""
    image.manifest.chmod(0o666)
    assert image.compile().code == 0
    assert image.form.stat().st_mode & 0o777 == 0o644
    image.manifest.chmod(0o600)
    assert image.compile().code == 0
    assert image.form.stat().st_mode & 0o777 == 0o600
    assert sorted(os.listdir(image.folder)) == ["cycle-exec.toml", image.form.name, "in"]


def test_failures_are_told_alike(image):
    """By Jinja2, of the source: file, line, name."""
    image.part.write_text("\n{{ variables.PLAN }}")
    words = ("--manifest", image.manifest, "--", "true")
    before = image._verb(*words)
    assert image.compile().code == 0
    assert image._verb(*words) == before
    assert f"{image.part}:2: PLAN is not defined, did you mean PLAIN" in before.err


def test_what_is_left_to_jinja2_is_told(image):
    """With file and line, and rendered as ever."""
    image.part.write_text("\n{{ [7]|random }}")
    ran = image.compile()
    assert f"{image.template}: left to Jinja2, {image.part}:2 uses the filter random\n" in ran.out
    text, said = image.launch()
    assert text == "true \n7"
    assert "compiled" not in said


def test_a_bad_manifest_is_not_compiled(image):
    """All that is wrong is told, as by manifest check; nothing is written."""
    image.template.write_text("{% if %}\n{{ x|nofilter }}")
    ran = image.compile()
    assert ran.code == 65
    assert ran == image._verb("manifest", "check", image.manifest)
    assert not image.form.exists()


def test_a_directory_that_cannot_be_written(image):
    """Is a refusal that names the file."""
    image.form.with_name(f"{image.form.name}.part").mkdir()
    ran = image.compile()
    assert ran.code == 73
    assert f"{image.form}: it is a directory (target-failed)" in ran.err


def test_doctor_tells_whether_it_is_used(image):
    """And why not, with the next step."""

    def told():
        ran = image._verb("doctor", "--json", "--manifest", image.manifest, "--", "true")
        [found] = [
            each for each in json.loads(ran.out)["findings"] if each["about"] == "compiled form"
        ]
        return found["state"], found["says"]

    assert told() == ("doubtful", "there is none")
    image.compile()
    assert told() == ("good", "used")
    _append(image.part)
    assert told() == ("doubtful", f"{image.template}: changed since")
    image.part.write_text("{{ [7]|random }}")
    image.compile()
    assert told() == ("good", f"used; left to Jinja2: {image.template}")
    _append(image.manifest)
    assert told() == ("doubtful", "the manifest has changed since")


def test_warnings_are_in_the_order_of_the_templates(image):
    """Whichever of them are compiled."""
    warns = "{% if variables.FALSE %}{% endif %}"
    names = {"a": warns + "{{ [7]|random }}", "b": warns, "c": warns + "{{ [7]|random }}"}
    content = '[variables.defaults]\nFALSE = "false"\n'
    for name, text in names.items():
        (image.folder / name).write_text(text)
        content += (
            f'[[templates]]\nsource = "{image.folder / name}"\ntarget = "{image.target}{name}"\n'
        )
    image.manifest.write_text(content)
    words = ("--manifest", image.manifest, "--", "true")
    before = image._verb(*words)
    warned = [line for line in before.err.splitlines() if "warning" in line]
    assert [
        line.count(f"/{name}:1: variables.FALSE") for name, line in zip(names, warned, strict=True)
    ] == [1, 1, 1]
    assert image.compile().code == 0
    after = image._verb(*words)
    assert [line for line in after.err.splitlines() if "warning" in line] == warned


def test_the_same_text_in_two_directories(image):
    """With a part of the name in one of them: both are used, as long as nothing changes."""
    other = image.folder / "other" / "page.j2"
    other.parent.mkdir()
    text = "{% if 1 %}true {% include '_part.j2' ignore missing %}{% endif %}"
    for path in (image.template, other):
        path.write_text(text)
    entry = f'[[templates]]\nsource = "{other}"\ntarget = "{image.folder / "o"}"\n'
    image.manifest.write_text(image.manifest.read_text() + entry)
    assert image.compile().code == 0
    made, said = image.launch()
    assert (made, (image.folder / "o").read_text()) == ("true part", "true ")
    assert "compiled" not in said
    (other.parent / "_part.j2").write_text("{% if 1 %}new{% endif %}")
    _, said = image.launch()
    assert (image.folder / "o").read_text() == "true new"
    assert f"the compiled form of {other} is not used: it has changed since" in said
    image.part.unlink()
    made, said = image.launch()
    assert made == "true "


def test_a_template_of_an_option_is_not_said_to_have_changed(image):
    """It is none of the manifest's, and was never compiled."""
    assert image.compile().code == 0
    other = image.folder / "other.j2"
    other.write_text("{% if 1 %}other{% endif %}")
    words = ("--manifest", image.manifest, "--template", f"{other}:{image.folder / 'o'}")
    ran = image._verb(*words, "--log-level", "info", "--", "cat", image.folder / "o")
    assert (ran.code, ran.out) == (0, "other")
    said = "is not used: it has changed since, or was not compiled"
    assert f"the compiled form of {other} {said}" in ran.err


def test_what_is_waited_for_is_compiled_too(image):
    """Addresses with blocks need no Jinja2, and are shown as they are written."""
    address = f"file:{{% if variables.PLAIN %}}{image.folder}{{% else %}}/none{{% endif %}}"
    image.manifest.write_text(f"{image.manifest.read_text()}[[wait]]\nfor = '{address}'\n")
    ran = image.compile()
    assert f"wait for {address}: compiled\n" in ran.out
    _, err = image.launch()
    assert f"cycle-exec: {address}: there after " in err
    assert "not used" not in err
