"""Nodes, and a browser that looks at their pages. Standard library alone.

    with node(program, network="dev") as one, Visitor() as visitor:
        visitor.open(one.url + "/network")
        visitor.wait("#tree circle")
        visitor.picture("network-desktop")
"""

import base64
import contextlib
import json
import shutil
import sys
import tempfile
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
sys.path[:0] = [str(ROOT / "tests" / "browser"), str(ROOT / "tests" / "python")]

from nodes import Node, free_port  # noqa: E402
from webdriver import SWITCHES, Browser, BrowserFailed  # noqa: E402

PICTURES = ROOT / "target" / "explorer"
DESKTOP, PHONE, PROJECTOR = (1280, 900), (390, 844), (1920, 1080)
LANGUAGES = ("en", "zh-CN")


@contextlib.contextmanager
def node(program, *arguments, network="classic", sync="manual", port=None, address="127.0.0.1", prepare=None):
    """A node of its own folder, ended and deleted with the block; `prepare` may put something there before it starts."""
    folder = Path(tempfile.mkdtemp(prefix="bcoin-explorer-"))
    port = port or free_port()
    command = [program, "node", "--listen", address, "--port", str(port), "--data-dir", str(folder / "data"),
               "--network", network, "--sync", sync, *arguments]
    started = Node(command, port, folder / "log")
    started.folder = folder
    try:
        if prepare:
            prepare(folder / "data")
        started.spawn().wait_ready("/readyz")
        yield started
    finally:
        started.stop()
        shutil.rmtree(folder, ignore_errors=True)


class Visitor(Browser):
    """A browser with a person's hands and eyes. Every wait is bounded and says what it waited for."""

    def __init__(self, javascript=True, switches=()):
        super().__init__(free_port(), switches)
        self.javascript = javascript

    def wanted(self, browser):
        preferences = {} if self.javascript else {"profile.managed_default_content_settings.javascript": 2}
        return {
            "browserName": "chrome",
            "goog:loggingPrefs": {"performance": "ALL", "browser": "ALL"},
            "goog:chromeOptions": {
                "binary": browser,
                "args": SWITCHES + ["--hide-scrollbars", f"--user-data-dir={self.profile}"] + self.switches,
                "prefs": preferences,
            },
        }

    def __enter__(self):
        super().__enter__()
        self.size(*DESKTOP)
        return self

    # -- what is seen ---------------------------------------------------------

    def open(self, url):
        self.go(url)

    @property
    def here(self):
        return self._session("GET", "/url")

    def size(self, width, height):
        """The size of the page itself, whatever a window may be at least."""
        self.cdp("Emulation.setDeviceMetricsOverride",
                 {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 600})

    def like(self, dark=False, still=False, paper=False):
        """What the system prefers: dark colours, no motion, or print."""
        features = [{"name": "prefers-color-scheme", "value": "dark" if dark else "light"},
                    {"name": "prefers-reduced-motion", "value": "reduce" if still else "no-preference"}]
        self.cdp("Emulation.setEmulatedMedia", {"media": "print" if paper else "", "features": features})

    def speak(self, language, url):
        """Chooses a language as the page's own button does, for all nodes of the host of `url`."""
        self.cdp("Network.setCookie", {"name": "bcoin_language", "value": language, "url": url})

    def theme(self, name, url):
        self.cdp("Network.setCookie", {"name": "bcoin_theme", "value": name, "url": url})

    def picture(self, name, whole=True):
        """Keeps what is seen as `target/explorer/NAME.png`."""
        PICTURES.mkdir(parents=True, exist_ok=True)
        shot = self.cdp("Page.captureScreenshot", {"captureBeyondViewport": whole})
        path = PICTURES / f"{name}.png"
        path.write_bytes(base64.b64decode(shot["data"]))
        return path

    def texts(self, css):
        return self.run("return [...document.querySelectorAll(arguments[0])].map(e => e.textContent.trim())", css)

    def text(self, css):
        found = self.texts(css)
        if not found:
            raise BrowserFailed(f"{self.here} has no {css}")
        return found[0]

    def count(self, css):
        return self.run("return document.querySelectorAll(arguments[0]).length", css)

    def wait(self, css, seconds=15):
        """Until something fits `css`."""
        self.until(lambda: self.count(css), f"{css} to be there", seconds)

    def until(self, holds, what, seconds=15):
        """Until `holds()` does; a page that is just being replaced is asked again."""
        end = time.monotonic() + seconds
        error = None
        while time.monotonic() < end:
            try:
                found = holds()
                if found:
                    return found
                error = None
            except BrowserFailed as failed:
                error = failed
            time.sleep(0.05)
        self.picture("failed")
        raise BrowserFailed(f"{self.here}: waited {seconds} s for {what}{f' ({error})' if error else ''}")

    def later(self, script, *arguments):
        """Runs a script that answers by calling its last argument."""
        return self._session("POST", "/execute/async", {"script": script, "args": list(arguments)})

    # -- what is done ---------------------------------------------------------

    def click(self, css, seconds=15):
        """Clicks where a mouse would, so that what is covered or off the page cannot be clicked."""
        element = self._element(css, seconds)
        self._session("POST", f"/element/{element}/click")

    def type(self, css, text, seconds=15):
        element = self._element(css, seconds)
        self._session("POST", f"/element/{element}/clear")
        if text:
            self._session("POST", f"/element/{element}/value", {"text": text})

    def press(self, *keys):
        """Keys as they are on a keyboard; WebDriver's code points for those without a letter."""
        strokes = [{"type": kind, "value": key} for key in keys for kind in ("keyDown", "keyUp")]
        self._session("POST", "/actions", {"actions": [{"type": "key", "id": "keyboard", "actions": strokes}]})

    # -- what went over the wire ----------------------------------------------

    def forget_requests(self):
        self._log("performance")

    def requests(self):
        """URL, and bytes of its body as the page got them, of each request since the last look."""
        urls, sizes = {}, {}
        for entry in self._log("performance"):
            message = json.loads(entry["message"])["message"]
            parameters = message["params"]
            if message["method"] == "Network.requestWillBeSent":
                urls[parameters["requestId"]] = parameters["request"]["url"]
            elif message["method"] == "Network.dataReceived":
                request = parameters["requestId"]
                sizes[request] = sizes.get(request, 0) + parameters["dataLength"]
        return [(url, sizes.get(request, 0)) for request, url in urls.items()]

    def complaints(self):
        """What the browser wrote to its console: errors of scripts, and breaches of the page's policy."""
        return [entry["message"] for entry in self._log("browser") if entry["level"] in ("SEVERE", "WARNING")]

    def cdp(self, command, parameters=None):
        return self._session("POST", "/goog/cdp/execute", {"cmd": command, "params": parameters or {}})

    def _log(self, kind):
        return self._session("POST", "/se/log", {"type": kind})

    def _session(self, method, path, body=None):
        return self._ask(method, f"/session/{self.session}{path}", body, seconds=60)

    def _element(self, css, seconds):
        def found():
            answer = self._session("POST", "/elements", {"using": "css selector", "value": css})
            return answer and next(iter(answer[0].values()))

        return self.until(found, f"{css} to be there", seconds)
