"""What a mirror has of its own, for a command that is to see what is new."""

from __future__ import annotations

import posixpath

import pytest

from cycle_exec.errors import Unfit
from cycle_exec.planning.files.mirror import Command, layout
from cycle_exec.planning.model import Layout, Swap


class Disk:
    """A file system: a text is a link, None a directory."""

    def __init__(self, entries: dict[str, bytes | str | None]) -> None:
        self.entries = {path.encode(): entry for path, entry in entries.items()}
        for path in list(self.entries):
            while path != b"/":
                path = posixpath.dirname(path)
                self.entries.setdefault(path, None)

    def kind(self, path: bytes) -> str:
        if path not in self.entries:
            return "absent"
        entry = self.entries[path]
        return "folder" if entry is None else "link" if isinstance(entry, str) else "file"

    def link(self, path: bytes) -> bytes:
        entry = self.entries[path]
        assert isinstance(entry, str)
        return entry.encode()

    def names(self, folder: bytes) -> list[bytes]:
        return sorted(
            posixpath.basename(path)
            for path in self.entries
            if path != b"/" and posixpath.dirname(path) == folder
        )

    def content(self, path: bytes, limit: int) -> bytes | None:
        entry = self.entries.get(path)
        return entry if isinstance(entry, bytes) and 0 < len(entry) <= limit else None


def swap(path: str, content: bytes | str) -> Swap:
    folder, name = posixpath.split(path.encode())
    if isinstance(content, str):
        return Swap(folder=folder, name=name, staged=b"s", link=content.encode())
    return Swap(folder=folder, name=name, staged=b"s", content=content)


def mirrored(
    disk: dict[str, bytes | str | None],
    new: dict[str, bytes | str],
    *words: str,
    executable: str = "/usr/bin/check",
    directory: str = "/",
    **environ: str,
) -> Layout:
    """The mirror at /M for a command."""
    view = Disk({**disk, **new, directory: None})
    command = Command(words=words, executable=executable, directory=directory, environ=environ)
    return layout(view, [swap(*each) for each in new.items()], command, b"/M")


NGINX: dict[str, bytes | str | None] = {
    "/etc/nginx/nginx.conf": b"include /etc/nginx/mime.types; include /etc/nginx/conf.d/*.conf;",
    "/etc/nginx/mime.types": b"types { text/html html; }",
    "/etc/nginx/conf.d/old.conf": b"server { listen 80; }",
    "/usr/bin/check": b"\x7fELF\0",
}


def test_a_file_that_includes_what_is_new_by_a_pattern():
    """It is in the mirror, too, with its other paths as they were."""
    found = mirrored(NGINX, {"/etc/nginx/conf.d/new.conf": b"x"}, "-c", "/etc/nginx/nginx.conf")
    assert found.words == ("-c", "/M/etc/nginx/nginx.conf")
    assert found.files == {
        b"/etc/nginx/conf.d/new.conf": b"x",
        b"/etc/nginx/nginx.conf": (
            b"include /etc/nginx/mime.types; include /M/etc/nginx/conf.d/*.conf;"
        ),
    }
    assert found.folders == (b"/", b"/etc", b"/etc/nginx", b"/etc/nginx/conf.d")
    assert (found.links, found.directory) == ({}, "/")


def test_a_relative_pattern():
    """Becomes absolute: what it is relative to may be built into the program."""
    disk = NGINX | {"/etc/nginx/nginx.conf": b"include conf.d/*.conf;"}
    found = mirrored(disk, {"/etc/nginx/conf.d/new.conf": b"x"}, "/etc/nginx/nginx.conf")
    assert found.files[b"/etc/nginx/nginx.conf"] == b"include /M/etc/nginx/conf.d/*.conf;"


def test_a_relative_pattern_below_a_root_that_a_file_names():
    """As ServerRoot of Apache."""
    disk: dict[str, bytes | str | None] = {
        "/srv/httpd/conf/httpd.conf": b'ServerRoot "/srv/httpd"\nInclude conf.d/*.conf\n'
    }
    found = mirrored(disk, {"/srv/httpd/conf.d/a.conf": b"x"}, "/srv/httpd/conf/httpd.conf")
    seen = b'ServerRoot "/M/srv/httpd"\nInclude /M/srv/httpd/conf.d/*.conf\n'
    assert found.files[b"/srv/httpd/conf/httpd.conf"] == seen


def test_a_relative_pattern_below_a_root_that_a_program_knows():
    """As the prefix of PHP-FPM in its official image."""
    disk: dict[str, bytes | str | None] = {
        "/usr/local/etc/php-fpm.conf": b"include=etc/php-fpm.d/*.conf\n"
    }
    new: dict[str, bytes | str] = {"/usr/local/etc/php-fpm.d/www.conf": b"x"}
    found = mirrored(disk, new, "/usr/local/etc/php-fpm.conf")
    seen = b"include=/M/usr/local/etc/php-fpm.d/*.conf\n"
    assert found.files[b"/usr/local/etc/php-fpm.conf"] == seen


def test_a_chain_of_files():
    """Each names the next, and the last one a certificate."""
    disk: dict[str, bytes | str | None] = {
        "/etc/a.conf": b"b=/opt/b.conf",
        "/opt/b.conf": b"c=/srv/c/",
        "/srv/c/c.conf": b"key=/run/k.pem",
        "/srv/c/d.conf": b"nothing",
    }
    found = mirrored(disk, {"/run/k.pem": b"new"}, "/etc/a.conf")
    assert found.files == {
        b"/etc/a.conf": b"b=/M/opt/b.conf",
        b"/opt/b.conf": b"c=/M/srv/c/",
        b"/srv/c/c.conf": b"key=/M/run/k.pem",
        b"/run/k.pem": b"new",
    }


@pytest.mark.parametrize("text", ["../available/app", "/etc/n/available/app"])
def test_links_that_lead_to_it(text):
    """As in Debian's sites-enabled."""
    disk: dict[str, bytes | str | None] = {
        "/etc/n/n.conf": b"include /etc/n/enabled/*;",
        "/etc/n/enabled/app": text,
        "/etc/n/enabled/other": "../available/other",
        "/etc/n/available/other": b"other",
    }
    found = mirrored(disk, {"/etc/n/available/app": b"new"}, "/etc/n/n.conf")
    assert found.links == {b"/etc/n/enabled/app": b"/M/etc/n/available/app"}
    assert found.files[b"/etc/n/n.conf"] == b"include /M/etc/n/enabled/*;"


def test_a_directory_that_is_a_link():
    """/var/run is /run: both names lead into the mirror."""
    disk: dict[str, bytes | str | None] = {"/var/run": "/run", "/a": b"/var/run/x /var/run/y"}
    found = mirrored(disk, {"/run/x": b"new"}, "/a")
    assert found.files[b"/a"] == b"/M/var/run/x /var/run/y"
    assert found.links == {b"/var/run": b"/M/run"}


def test_certificates_that_change_by_one_link():
    """The new generation is read where it is."""
    disk: dict[str, bytes | str | None] = {
        "/c/www": "..data/www",
        "/c/..cycle-exec-0000000000000001/www/key.pem": b"new",
        "/a": b"/c/www/key.pem /c/*/key.pem",
    }
    generation = "..cycle-exec-0000000000000001"
    found = mirrored(disk, {"/c/..data": generation}, "/a")
    assert found.files == {b"/a": b"/M/c/www/key.pem /M/c/*/key.pem"}
    assert found.links == {b"/c/..data": generation.encode(), b"/c/www": b"..data/www"}


def test_scripts_variables_and_the_current_directory():
    """A path to what is new may stand there, too."""
    disk: dict[str, bytes | str | None] = {
        "/usr/bin/check": b"#!/bin/sh\nexec nginx -c /etc/x\n",
        "/srv/app/other": b"",
    }
    found = mirrored(disk, {"/etc/x": b"new"}, "check", CONF="/etc/x", OTHER="/etc/y")
    assert found.executable == "/M/usr/bin/check"
    assert found.files[b"/usr/bin/check"] == b"#!/bin/sh\nexec nginx -c /M/etc/x\n"
    assert found.environ == {"CONF": "/M/etc/x", "OTHER": "/etc/y"}
    found = mirrored({}, {"/srv/app/x.conf": b"new"}, "check", "./x.conf", directory="/srv/app")
    assert (found.words, found.directory) == (("check", "./x.conf"), "/M/srv/app")


def test_a_binary_target_and_a_path_with_blanks():
    """The first is as it will be, the second is found by its name."""
    found = mirrored({}, {"/s/a b.bin": b"\0\xff"}, "check", "-f '/s/a b.bin'")
    assert found.words == ("check", "-f '/M/s/a b.bin'")
    assert found.files == {b"/s/a b.bin": b"\0\xff"}


@pytest.mark.parametrize("words", [("nginx", "-t"), ("nginx", "-c", "/etc/other"), ("ls", "/")])
def test_nothing_leads_to_what_is_new(words):
    """Then it cannot be seen."""
    with pytest.raises(Unfit, match="no path in the command leads to what is new"):
        mirrored({"/etc/other": b"x"}, {"/etc/x": b"new"}, *words)


def test_too_much_to_read():
    """Files that name each other without an end; but not a directory of many files."""
    disk: dict[str, bytes | str | None] = {
        f"/s/{number}": f"/s/{number + 1}".encode() for number in range(1100)
    }
    with pytest.raises(Unfit, match="more than 1000 files would have to be looked through"):
        mirrored(disk, {"/s/new": b"new"}, "check", "/s/0")
    found = mirrored(disk, {"/s/new": b"/s/a"}, "check", "/s")
    assert found.words == ("check", "/M/s")


def test_where_no_config_is():
    """Programs, sources and pages are not looked into, unless the command names them."""
    disk: dict[str, bytes | str | None] = {
        "/s/a": b"/usr/bin/x /s/b.html /s/c",
        "/usr/bin/x": b"/s/new",
        "/s/b.html": b"/s/new",
        "/s/c": b"#!/bin/sh\n/s/new",
    }
    with pytest.raises(Unfit):
        mirrored(disk, {"/s/new": b"new"}, "check", "/s/a")
    for path in list(disk)[1:]:
        assert path.encode() in mirrored(disk, {"/s/new": b"new"}, "check", path).files


def test_a_word_that_stands_twice_and_a_directory_that_nobody_may_list():
    """The one leads to the same, the other to nothing."""

    class Closed(Disk):
        def names(self, folder: bytes) -> list[bytes]:
            if folder == b"/etc/nginx/closed":
                raise PermissionError
            return super().names(folder)

    text = b"include conf.d/*.conf; include conf.d/*.conf; include closed/*.conf;"
    new = {"/etc/nginx/conf.d/new.conf": b"x"}
    entries = {**NGINX, "/etc/nginx/nginx.conf": text, "/etc/nginx/closed": None, **new}
    command = Command(
        words=("/etc/nginx/nginx.conf",), executable="/usr/bin/check", directory="/", environ={}
    )
    found = layout(Closed(entries), [swap("/etc/nginx/conf.d/new.conf", b"x")], command, b"/M")
    moved = b"include /M/etc/nginx/conf.d/*.conf;"
    assert (
        found.files[b"/etc/nginx/nginx.conf"] == moved + b" " + moved + b" include closed/*.conf;"
    )
