"""The memory of a container: a start works in it, is refused in words, or is killed between whole
files; it is never half done.
"""

from __future__ import annotations

import signal

import pytest

from tests.support.cgroups import limited
from tests.support.hostile import hostile
from tests.support.launching import Ground

MEBIBYTE = 1 << 20
FILES = 3


@pytest.fixture
def ground(tmp_path):
    """Three old targets."""
    found = Ground(tmp_path)
    for number in range(FILES):
        found.target(f"page{number}")
    return found


def options(ground: Ground, text: str) -> tuple[str, ...]:
    """Return what renders the text to each of them."""
    source = ground.template(text)
    targets = (f"{source}:{ground.folder}/page{number}" for number in range(FILES))
    return tuple(word for target in targets for word in ("--template", target))


def contents(ground: Ground) -> set[bytes]:
    return {(ground.folder / f"page{number}").read_bytes() for number in range(FILES)}


@pytest.mark.parametrize("size", [4, 8, 12, 16, 24, 32, 64])
def test_a_container_of_little_memory(ground, size):
    """From what no Python starts in, up to what every start has room in."""
    with hostile(variables={"PLAIN": "x"}) as api, limited(size * MEBIBYTE) as enter:
        ran = ground.launch(api, *options(ground, "{{ variables.PLAIN }}"), before=enter)
        if ran.code == -signal.SIGKILL and size < 32:
            # The next start, with more memory, makes it whole.
            assert ground.starts == 0
            ran = ground.launch(api, *options(ground, "{{ variables.PLAIN }}"))
    assert ran.code == 0, ran
    assert contents(ground) == {b"x"}
    assert ground.starts == 1


@pytest.mark.parametrize("size", [48, 64])
def test_a_template_that_makes_more_than_the_container_has(ground, size):
    """It is refused in words before the kernel would kill somebody."""
    text = "{{ range(99999) | map('center', 1000000) | list | length }}"
    with hostile(variables={"PLAIN": "x"}) as api, limited(size * MEBIBYTE) as enter:
        ran = ground.launch(api, *options(ground, text), before=enter)
    ground.refused(ran, 65, "template-failed", "its results would take too much memory")
    assert contents(ground) == {b"old\n"}


@pytest.mark.parametrize("size", [20, 24, 28, 32, 40, 128])
def test_a_keystore_for_which_a_container_has_no_memory(ground, size):
    """The kernel ends the process that makes it first; that is said, and nothing is replaced.

    Pages of files that others have read do not count, so that no size is too small for certain.
    """
    manifest = ground.manifest(
        """
        [certificates]
        directory = "@/certificates"
        formats = ["pkcs12"]
        password_from = "PLAIN"
        """
    )
    page = options(ground, "{{ variables.PLAIN }}")
    with hostile(variables={"PLAIN": "x"}) as api, limited(size * MEBIBYTE) as enter:
        ran = ground.launch(api, "--manifest", manifest, *page, before=enter)
    if ran.code == -signal.SIGKILL and size < 32:
        assert ground.starts == 0
        assert contents(ground) == {b"old\n"}
    elif ran.code:
        assert size < 128
        words = "the process that makes keystores: it was killed, as the kernel does where a"
        ground.refused(ran, 73, "target-failed", words)
        assert contents(ground) == {b"old\n"}
    else:
        assert (ground.folder / "certificates/app.example.test/keystore.p12").is_file()
