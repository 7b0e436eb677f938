"""Opens pages in headless Chromium: `python look.py SITE SCREENSHOTS [PAGE...]`."""

from __future__ import annotations

import base64
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.request import urlopen

from websockets.sync.client import ClientConnection, connect

WIDTHS = {"phone": 390, "desk": 1280}
SCHEMES = ("light", "dark")
_PATIENCE = 60.0
_WIDE = "document.documentElement.scrollWidth - window.innerWidth"
# What stands out of the window, for whoever has to mend it.
_OUT = """[...document.querySelectorAll('article *')].filter(e => {
  const box = e.getBoundingClientRect();
  if (box.right <= window.innerWidth + 1) return false;
  for (let p = e; p; p = p.parentElement)
    if (getComputedStyle(p).overflowX != 'visible' && p.tagName != 'BODY') return false;
  return true;
}).slice(0, 3).map(e => e.tagName + ': ' + e.textContent.slice(0, 60)).join('; ')"""
# The search lives in a shadow tree.
_SEARCH = "document.querySelector('.md-search__button').click()"
_FOUND = """[...document.querySelectorAll('*')].filter(e => e.shadowRoot).map(
  e => e.shadowRoot.querySelector('[role=status]')?.textContent ?? '').join('')"""


class Browser:
    """One tab. noted: what went wrong since the last page was opened."""

    def __init__(self, socket: ClientConnection) -> None:
        self._socket = socket
        self._last = 0
        self.noted: list[str] = []

    def call(self, method: str, **params: Any) -> dict[str, Any]:
        """A command's result; events on the way are looked at."""
        self._last += 1
        self._socket.send(json.dumps({"id": self._last, "method": method, "params": params}))
        while True:
            message = json.loads(self._socket.recv(_PATIENCE))
            if message.get("id") == self._last:
                if "error" in message:
                    raise RuntimeError(f"{method}: {message['error']}")
                return dict(message["result"])
            self._note(message)

    def evaluate(self, expression: str) -> Any:
        """What the page's script says."""
        told = self.call(
            "Runtime.evaluate", expression=expression, awaitPromise=True, returnByValue=True
        )
        return told["result"].get("value")

    def open(self, page: Path, width: int, scheme: str) -> None:
        """Open a page and wait until it is there."""
        self.noted = []
        size = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": width < 600}
        self.call("Emulation.setDeviceMetricsOverride", **size)
        media = [{"name": "prefers-color-scheme", "value": scheme}]
        self.call("Emulation.setEmulatedMedia", features=media)
        self.call("Page.navigate", url=page.resolve().as_uri())
        while self.evaluate("location.href + document.readyState") != (
            page.resolve().as_uri() + "complete"
        ):
            time.sleep(0.05)
        time.sleep(0.2)

    def search(self, word: str) -> str:
        """What the search says of a word that is typed into it, within some seconds."""
        self.evaluate(_SEARCH)
        time.sleep(1)
        self.call("Input.insertText", text=word)
        told, limit = "", time.monotonic() + 15
        while not told.split(" ")[0].isdigit() and time.monotonic() < limit:
            time.sleep(0.2)
            told = str(self.evaluate(_FOUND))
        return told

    def shoot(self, file: Path) -> None:
        """Write a screenshot of the window."""
        taken = self.call("Page.captureScreenshot")
        file.write_bytes(base64.b64decode(taken["data"]))

    def _note(self, message: dict[str, Any]) -> None:
        params = message.get("params", {})
        if message["method"] == "Runtime.exceptionThrown":
            self.noted.append(f"exception: {params['exceptionDetails']['text']}")
        elif message["method"] == "Log.entryAdded" and params["entry"]["level"] == "error":
            self.noted.append(f"console: {params['entry']['text']}")
        elif message["method"] == "Network.requestWillBeSent":
            url = params["request"]["url"]
            if not url.startswith(("file:", "data:", "blob:", "about:")):
                self.noted.append(f"asks {url}")


@contextmanager
def browser() -> Iterator[Browser]:
    """Headless Chromium with one tab."""
    with tempfile.TemporaryDirectory(prefix="look-", ignore_cleanup_errors=True) as profile:
        words = ["chromium", "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars"]
        words += ["--remote-debugging-port=0", f"--user-data-dir={profile}", "about:blank"]
        running = subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            with connect(_tab(Path(profile)), max_size=None) as socket:
                tab = Browser(socket)
                for domain in ("Page", "Runtime", "Log", "Network"):
                    tab.call(f"{domain}.enable")
                yield tab
        finally:
            running.terminate()
            running.wait()


def _tab(profile: Path) -> str:
    told = profile / "DevToolsActivePort"
    limit = time.monotonic() + _PATIENCE
    while time.monotonic() < limit:
        if told.exists() and (lines := told.read_text().splitlines()):
            with urlopen(f"http://127.0.0.1:{lines[0]}/json/list") as answer:
                pages = [each for each in json.load(answer) if each["type"] == "page"]
            if pages:
                return str(pages[0]["webSocketDebuggerUrl"])
        time.sleep(0.1)
    raise TimeoutError("chromium does not come up")


def look(site: Path, folder: Path, names: list[str]) -> list[str]:
    """Everything that is wrong, in words."""
    wrong = []
    pages = sorted(site.glob("*.html"))
    with browser() as tab:
        for page in [page for page in pages if not names or page.stem in names]:
            for device, width in WIDTHS.items():
                for scheme in SCHEMES:
                    tab.open(page, width, scheme)
                    where = f"{page.stem}-{device}-{scheme}"
                    tab.shoot(folder / f"{where}.png")
                    if tab.evaluate(_WIDE) > 0 or tab.evaluate(_OUT):
                        wrong.append(f"{where}: too wide: {tab.evaluate(_OUT)}")
                    wrong.extend(f"{where}: {each}" for each in tab.noted)
        tab.open(site / "index.html", WIDTHS["desk"], "light")
        if not (told := tab.search("envsubst")).split(" ")[0].isdigit():
            wrong.append(f"the search says {told!r}")
        tab.shoot(folder / "search.png")
    return wrong


if __name__ == "__main__":
    found = look(Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3:])
    print("\n".join(found) or "nothing is wrong")
    sys.exit(bool(found))
