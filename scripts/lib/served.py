"""A CloudGen of its own and a browser that looks at it, for the scripts beside.

Needs chromedriver with Chromium, and the command in $CLOUDGEN (target/release
when absent). Speaks WebDriver with what Python has.
"""

import base64
import json
import os
import pathlib
import re
import signal
import socket
import subprocess
import tempfile
import time
import urllib.error
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
ELEMENT = "element-6066-11e4-a52e-4f735466cecf"
PASSWORD = "a lake of quiet herons"


def free_port():
    with socket.socket() as it:
        it.bind(("127.0.0.1", 0))
        return it.getsockname()[1]


class Server:
    """The program with a private Postgres, gone with all its data at the end."""

    def __enter__(self):
        self.home = tempfile.TemporaryDirectory(prefix="cloudgen-", ignore_cleanup_errors=True)
        # As root, Postgres runs under another account, which has to pass.
        os.chmod(self.home.name, 0o711)
        self.base = f"http://127.0.0.1:{free_port()}"
        binary = os.environ.get("CLOUDGEN", ROOT / "target/release/cloudgen")
        environment = {k: v for k, v in os.environ.items() if not k.startswith("CLOUDGEN") and k != "DATABASE_URL"}
        environment |= {"XDG_DATA_HOME": self.home.name, "CLOUDGEN_BIND": self.base.removeprefix("http://")}
        self.process = subprocess.Popen([binary, "serve"], env=environment, stdin=subprocess.DEVNULL,
                                        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        for _ in range(600):
            try:
                urllib.request.urlopen(f"{self.base}/readyz")
                return self
            except OSError:
                time.sleep(0.1)
        raise SystemExit("the server does not answer")

    def __exit__(self, *_):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait()
        self.home.cleanup()


class Browser:
    """Chromium without a screen."""

    def __init__(self, base):
        self.base = base

    def __enter__(self):
        self.profile = tempfile.TemporaryDirectory(prefix="cloudgen-browser-", ignore_cleanup_errors=True)
        self.driver = subprocess.Popen(["chromedriver", "--port=0"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                                       text=True, start_new_session=True)
        port = next(re.search(r"on port (\d+)", it)[1] for it in self.driver.stdout if "successfully on port" in it)
        self.url = f"http://127.0.0.1:{port}/session"
        flags = ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--hide-scrollbars",
                 "--no-first-run", "--disable-background-networking", f"--user-data-dir={self.profile.name}"]
        options = {"alwaysMatch": {"goog:chromeOptions": {"args": flags}}}
        self.url += "/" + self.ask("POST", "", {"capabilities": options})["sessionId"]
        return self

    def __exit__(self, *_):
        self.ask("DELETE", "")
        os.killpg(self.driver.pid, signal.SIGKILL)
        self.driver.wait()
        self.profile.cleanup()

    def ask(self, method, path, body=None):
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.url + path, data, {"Content-Type": "application/json"}, method=method)
        try:
            return json.load(urllib.request.urlopen(request))["value"]
        except urllib.error.HTTPError as error:
            raise RuntimeError(json.load(error)["value"]["message"].split("\n")[0]) from None

    def devtools(self, command, **parameters):
        return self.ask("POST", "/goog/cdp/execute", {"cmd": command, "params": parameters})

    def look(self, width=1440, height=900, dark=False):
        self.devtools("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=False)
        self.devtools("Emulation.setEmulatedMedia", features=[
            {"name": "prefers-color-scheme", "value": "dark" if dark else "light"},
            {"name": "prefers-reduced-motion", "value": "reduce"},
        ])

    def go(self, path):
        self.ask("POST", "/url", {"url": self.base + path})

    def path(self):
        return self.ask("GET", "/url").removeprefix(self.base)

    def run(self, script):
        return self.ask("POST", "/execute/sync", {"script": script, "args": []})

    def until(self, expression):
        for _ in range(600):
            try:
                if self.run(f"return Boolean({expression})"):
                    return
            except RuntimeError:
                pass  # The page was being replaced.
            time.sleep(0.05)
        shown = self.run("return document.body.innerText")
        raise SystemExit(f"{expression} does not come to hold at {self.path()}:\n{shown}")

    def find(self, css):
        self.until(f"document.querySelector({css!r})?.checkVisibility()")
        return self.ask("POST", "/element", {"using": "css selector", "value": css})[ELEMENT]

    def click(self, css):
        self.ask("POST", f"/element/{self.find(css)}/click", {})

    def fill(self, css, text):
        element = self.find(css)
        self.ask("POST", f"/element/{element}/clear", {})
        self.ask("POST", f"/element/{element}/value", {"text": text})

    def press(self, keys):
        """Presses keys where the focus is."""
        actions = [{"type": kind, "value": key} for key in keys for kind in ("keyDown", "keyUp")]
        self.ask("POST", "/actions", {"actions": [{"type": "key", "id": "keys", "actions": actions}]})

    def picture(self, path, quality=72):
        data = self.devtools("Page.captureScreenshot", format="webp", quality=quality)["data"]
        pathlib.Path(path).write_bytes(base64.b64decode(data))

    def sign_up(self, name="Ada Lovelace", org="Acme"):
        self.go("/sign-up")
        self.fill("#name", name)
        self.fill("#email", "ada@example.com")
        self.fill("#password", PASSWORD)
        self.click("form.form button.primary")
        self.fill("form[action='/orgs/new'] #name", org)
        self.click("form[action='/orgs/new'] button.primary")
        self.until("location.pathname === '/'")

    def describe(self, text):
        """Starts a session, waits until its code is there, and returns its address."""
        self.go("/sessions/new")
        self.fill("#text", text)
        self.click("#composer button.primary")
        self.until("document.querySelectorAll('.compare a[download]').length === 3")
        return self.path()

    def say(self, text):
        """Says something in the session that is shown, and waits for the answer."""
        turns = self.run("return document.querySelectorAll('#thread > .turn').length")
        self.fill("#text", text)
        self.click("#composer button.primary")
        self.until(f"document.querySelectorAll('#thread > .turn').length >= {turns} + 2"
                   " && !document.querySelector('[data-steps], #sending')")
