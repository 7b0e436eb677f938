"""builtin:java/application.properties.j2 and the keystore, read by a real Java and by OpenSSL."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from cycle_exec.planning.templates.filters import quoting
from tests.support import ports
from tests.templates import web
from tests.templates.serving import HOST, TRICKY, place, served, state

NAME = "java/application.properties.j2"
STORE = " p\"a's#s w\\ord\\n $HOME %h;!="  # Java takes ASCII alone for a keystore
# Spring expands ${...}; the template refuses it.
LOGIN = TRICKY.replace("${", "$ {")
TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x1e"))
_END = "\x1e"


def properties(path: Path) -> dict[str, str]:
    """What java.util.Properties makes of a file whose values end in U+001E, as Java prints it."""
    words = ["java", f"-Djava.security.properties={path}", "-Dsun.stderr.encoding=UTF-8"]
    done = subprocess.run(
        [*words, "-XshowSettings:security", "-version"], capture_output=True, check=True
    )
    found = re.findall(
        r"^ +((?:zz|server|spring)[\w.-]+)=([^\x1e]*)\x1e", done.stderr.decode(), re.MULTILINE
    )
    return dict(found)


@pytest.mark.needs("openssl", "keytool")
def test_keystore_and_properties_belong_together():
    """keytool opens the keystore with what Java reads in the properties; its TLS is verified."""
    [port] = ports.free()
    variables = {
        "KEYSTORE_PASSWORD": STORE,
        "JAVA_PORT": str(port),
        "SPRING_DATASOURCE_URL": "jdbc:postgresql://db/app?ssl=true",
        "SPRING_DATASOURCE_PASSWORD": LOGIN,
    }
    keystore = "etc/cycle/certificates/app.example.test/keystore.p12"
    with place() as folder:
        (folder / "password").write_text(STORE)
        opened = f"openssl pkcs12 -in {folder / keystore} -nodes -passin file:{folder}/password"
        served_by = f"openssl s_server -accept {port} -www -quiet -cert both -cert_chain both"
        words = ["sh", "-c", f"{opened} -out both && exec {served_by}"]
        with served(folder, NAME, state(variables, HOST), port, words=words) as server:
            answer = web.get(port, HOST, "/", server.tls)
            assert (answer.status, answer.names) == (200, (HOST,))
            target = folder / "run/java/application.properties"
            assert target.stat().st_mode & 0o777 == 0o600
            assert STORE not in server.log
        marked = folder / "marked.properties"
        lines = target.read_text().splitlines()
        marked.write_text("".join(f"{line}\\u001e\n" for line in lines if line[:1] != "#"))
        found = properties(marked)
        assert found["spring.datasource.password"] == LOGIN
        assert found["server.ssl.key-store"] == str(folder / keystore)
        words = ["keytool", "-list", "-keystore", found["server.ssl.key-store"]]
        words += ["-storepass", found["server.ssl.key-store-password"]]
        words += ["-storetype", found["server.ssl.key-store-type"]]
        words += ["-alias", found["server.ssl.key-alias"]]
        done = subprocess.run(words, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout
        assert "PrivateKeyEntry" in done.stdout


@pytest.mark.needs("java")
@settings(max_examples=3, deadline=None, phases=[Phase.generate])
@given(st.lists(TEXT, min_size=20, max_size=80))
def test_any_text_is_one_value(texts):
    """java.util.Properties gives it back, but for what frameworks would expand."""
    kept = [text for text in texts if "${" not in text and "#{" not in text]
    with place() as folder:
        lines = [
            f"zz.{at}={quoting.quote_properties(text + _END)}\n" for at, text in enumerate(kept)
        ]
        (folder / "a.properties").write_text("".join(lines), encoding="ascii")
        found = properties(folder / "a.properties")
    assert found == {f"zz.{at}": text for at, text in enumerate(kept)}
