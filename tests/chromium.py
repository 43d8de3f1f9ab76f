"""A headless Chromium that is spoken to over two pipes: a page is opened, looked at and pictured, without a socket."""

from __future__ import annotations

import base64
import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple, Self

FOUND = next((path for name in ("chromium", "chromium-browser", "google-chrome") if (path := shutil.which(name))), None)
_FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--hide-scrollbars",
)
# Nothing may be fetched from elsewhere, by the page or by the browser for itself: every name leads nowhere.
_RULES = "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"
_ALONE = ("--disable-background-networking", "--disable-component-update", _RULES)


class Seen(NamedTuple):
    """What a page showed: each picture's width and height, what the browser complained of, and what it asked for."""

    pictures: list[dict[str, Any]]
    complaints: list[str]
    requests: list[str]
    overflow: int


class Page:
    """One tab of a browser, over its pipes (the DevTools protocol: JSON, ended by a zero byte)."""

    def __init__(self, ask: int, answer: int) -> None:
        self._ask, self._answer = ask, answer
        self._rest, self._number, self._session = b"", 0, ""
        self._events: list[dict[str, Any]] = []

    def attached(self) -> Self:
        """The same, in a tab of its own."""
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        self._session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.call(f"{domain}.enable")
        return self

    def call(self, method: str, **params: Any) -> dict[str, Any]:
        """Ask, and wait for the answer; what is told meanwhile is kept."""
        self._number += 1
        message: dict[str, Any] = {"id": self._number, "method": method, "params": params}
        if self._session:
            message["sessionId"] = self._session
        os.write(self._ask, json.dumps(message).encode() + b"\0")
        while (heard := self._next()).get("id") != self._number:
            self._events.append(heard)
        if "error" in heard:
            raise RuntimeError(f"{method}: {heard['error']}")
        result: dict[str, Any] = heard["result"]
        return result

    def show(self, page: Path | str, *, width: int = 1280, dark: bool = False) -> None:
        """Open a file or an address and wait until it is there."""
        self._events.clear()
        scheme = [{"name": "prefers-color-scheme", "value": "dark" if dark else "light"}]
        self.call("Emulation.setEmulatedMedia", features=scheme)
        screen = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": width < 600}
        self.call("Emulation.setDeviceMetricsOverride", **screen)
        self.call("Page.navigate", url=page if isinstance(page, str) else page.resolve().as_uri())
        while not any(event.get("method") == "Page.loadEventFired" for event in self._events):
            self._events.append(self._next())

    def seen(self) -> Seen:
        """What the page is now."""
        sizes = (
            "JSON.stringify([...document.querySelectorAll('[role=img]')].map(each => {"
            "const box = each.getBoundingClientRect();"
            "return {name: each.getAttribute('aria-label'), width: box.width, height: box.height}}))"
        )
        wide = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
        pictures, overflow = self.evaluate(sizes), self.evaluate(wide)
        return Seen(json.loads(pictures), list(self._complaints()), list(self._requests()), overflow)

    def picture(self, path: Path, *, clip: tuple[int, int] | None = None) -> None:
        """The whole page as PNG, or what is `clip` (from, height) pixels down it."""
        size = self.call("Page.getLayoutMetrics")["cssContentSize"]
        top, height = clip or (0, size["height"])
        area = {"x": 0, "y": top, "width": size["width"], "height": height, "scale": 1}
        shot = self.call("Page.captureScreenshot", captureBeyondViewport=True, clip=area)
        path.write_bytes(base64.b64decode(shot["data"]))

    def close(self) -> None:
        """End the browser, all of its processes."""
        self._session = ""
        self.call("Browser.close")

    def evaluate(self, expression: str) -> Any:
        """What a script in the page comes to, None for nothing."""
        return self.call("Runtime.evaluate", expression=expression)["result"].get("value")

    def _complaints(self) -> Iterator[str]:
        for event in self._events:
            if event.get("method") == "Log.entryAdded":
                yield event["params"]["entry"]["text"]
            elif event.get("method") in {"Runtime.consoleAPICalled", "Runtime.exceptionThrown"}:
                yield json.dumps(event["params"])

    def _requests(self) -> Iterator[str]:
        for event in self._events:
            if event.get("method") == "Network.requestWillBeSent":
                yield event["params"]["request"]["url"]

    def _next(self) -> dict[str, Any]:
        while b"\0" not in self._rest:
            read = os.read(self._answer, 1 << 20)
            if not read:
                raise RuntimeError("the browser is gone")
            self._rest += read
        whole, _, self._rest = self._rest.partition(b"\0")
        heard: dict[str, Any] = json.loads(whole)
        return heard


@contextmanager
def browser(profile: Path) -> Iterator[Page]:
    """A browser for as long as it is needed. It takes its orders from descriptor 3 and answers on 4."""
    assert FOUND
    theirs, ask = os.pipe()
    answer, told = os.pipe()
    # A shell of one line puts the pipes where the browser looks for them, whatever numbers they have here.
    script = f'exec "$@" 3<&{theirs} 4>&{told}'
    command = [FOUND, *_FLAGS, *_ALONE, f"--user-data-dir={profile}", "--remote-debugging-pipe"]
    shell = ["bash", "-c", script, "bash", *command]
    running = subprocess.Popen(shell, pass_fds=(theirs, told), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    os.close(theirs)
    os.close(told)
    page = Page(ask, answer)
    try:
        yield page.attached()
        page.close()
        running.wait(timeout=30)
    finally:
        running.kill()
        running.wait()
        os.close(ask)
        os.close(answer)
