"""Drives Debian's chromium through chromium-driver, over plain WebDriver HTTP. Standard library alone."""

import http.client
import json
import shutil
import signal
import subprocess
import tempfile
import time

SWITCHES = [
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
]


class BrowserFailed(Exception):
    """The browser or its driver did not do what it was asked."""


def programs():
    """The browser and its driver, or None for what is not installed."""
    return shutil.which("chromium"), shutil.which("chromedriver")


class Browser:
    """A browser with a profile of its own, from `with` to the end of the block."""

    def __init__(self, port, switches=()):
        self.port, self.switches = port, list(switches)
        self.driver = self.session = None

    def __enter__(self):
        browser, driver = programs()
        self.profile = tempfile.mkdtemp(prefix="bcoin-browser-")
        self.driver = subprocess.Popen(
            [driver, f"--port={self.port}", "--allowed-ips=127.0.0.1"],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        try:
            self._wait_for_the_driver()
            capabilities = {"capabilities": {"alwaysMatch": self.wanted(browser)}}
            answer = self._ask("POST", "/session", capabilities, seconds=60)
            self.session = answer["sessionId"]
            self.version = answer["capabilities"]["browserVersion"]
        except BaseException:
            self.__exit__()
            raise
        return self

    def wanted(self, browser):
        """What kind of session is asked for."""
        return {
            "browserName": "chrome",
            # The driver waits for no page: most of these pages end in a navigation that never comes.
            "pageLoadStrategy": "none",
            "goog:chromeOptions": {
                "binary": browser,
                "args": SWITCHES + [f"--user-data-dir={self.profile}"] + self.switches,
            },
        }

    def __exit__(self, *_):
        if self.session:
            try:
                self._ask("DELETE", f"/session/{self.session}", seconds=10)
            except (BrowserFailed, OSError):
                pass
        # The driver leads a group of its own, in which its browsers are.
        for sent in (signal.SIGTERM, signal.SIGKILL):
            try:
                subprocess.os.killpg(self.driver.pid, sent)
            except ProcessLookupError:
                break
            try:
                self.driver.wait(5)
            except subprocess.TimeoutExpired:
                continue
        shutil.rmtree(self.profile, ignore_errors=True)

    def _wait_for_the_driver(self):
        end = time.monotonic() + 20
        while time.monotonic() < end:
            try:
                if self._ask("GET", "/status")["ready"]:
                    return
            except (OSError, BrowserFailed, http.client.HTTPException):
                time.sleep(0.05)
        raise BrowserFailed("chromedriver does not answer")

    def _ask(self, method, path, body=None, seconds=20):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=seconds)
        try:
            text = None if method == "GET" else json.dumps(body or {})
            connection.request(method, path, text, {"Content-Type": "application/json"})
            answer = connection.getresponse()
            value = json.loads(answer.read())["value"]
        finally:
            connection.close()
        if answer.status != 200:
            raise BrowserFailed(f"{method} {path}: {value.get('error')}: {value.get('message', '')[:300]}")
        return value

    def go(self, url):
        """Visits an address, as typed into the address bar."""
        self._ask("POST", f"/session/{self.session}/url", {"url": url})

    def run(self, script, *arguments):
        return self._ask("POST", f"/session/{self.session}/execute/sync", {"script": script, "args": list(arguments)})

    def close_other_windows(self):
        """Closes what pages opened, and goes back to the first window."""
        windows = self._ask("GET", f"/session/{self.session}/window/handles")
        for window in windows[1:]:
            self._ask("POST", f"/session/{self.session}/window", {"handle": window})
            self._ask("DELETE", f"/session/{self.session}/window")
        self._ask("POST", f"/session/{self.session}/window", {"handle": windows[0]})
