"""A headless Chromium, driven over its DevTools protocol (https://chromedevtools.github.io/devtools-protocol/).

Just enough for tests of a page: look, click, type, take a picture; and note everything that a page complained of and
every host that it spoke to. The browser itself can reach nothing but this machine.
"""

import asyncio
import base64
import itertools
import json
import os
import shutil
import tempfile
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Self
from urllib.parse import urlsplit

import orjson
import websockets

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
_WAIT = 20.0
_POLL = 0.05
_PORT_FILE = "DevToolsActivePort"
_QUIET_SCHEMES = ("data", "blob", "about", "chrome")


def executable() -> str | None:
    """Return where a Chromium is, if there is one. `CHROMIUM` names another."""
    return os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, NAMES)), None)


class Browser:
    """A running browser. Each page has storage of its own unless it is opened beside another."""

    def __init__(self, connection: websockets.ClientConnection) -> None:
        self._connection = connection
        self._ids = itertools.count(1)
        self._waiting: dict[int, asyncio.Future[Mapping[str, Any]]] = {}
        self._pages: dict[str, Page] = {}

    @classmethod
    @asynccontextmanager
    async def launch(cls) -> AsyncGenerator[Self]:
        """Start a browser, and end it."""
        folder = Path(tempfile.mkdtemp(prefix="chromium-"))
        process = await asyncio.create_subprocess_exec(
            *_command(folder), stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.DEVNULL
        )
        try:
            async with asyncio.timeout(_WAIT):
                address = await _address(folder)
            async with websockets.connect(address, max_size=None, ping_interval=None) as connection:
                browser = cls(connection)
                reader = asyncio.create_task(browser._read(), name="devtools")
                try:
                    yield browser
                finally:
                    reader.cancel()
                    await asyncio.gather(reader, return_exceptions=True)
        finally:
            if process.returncode is None:
                process.terminate()
            await process.wait()
            shutil.rmtree(folder, ignore_errors=True)

    @asynccontextmanager
    async def page(
        self,
        url: str,
        *,
        width: int = 1280,
        height: int = 720,
        scheme: str = "dark",
        language: str | None = None,
        beside: "Page | None" = None,
    ) -> AsyncGenerator["Page"]:
        """Open a page, with the storage of the page `beside` if one is given."""
        context = beside.context if beside else (await self.send("Target.createBrowserContext"))["browserContextId"]
        target = await self.send("Target.createTarget", url="about:blank", browserContextId=context)
        attached = await self.send("Target.attachToTarget", targetId=target["targetId"], flatten=True)
        page = Page(self, attached["sessionId"], context)
        self._pages[page.session] = page
        await page.prepare(width, height, scheme)
        if language is not None:
            await page.speak(language)
        await page.goto(url)
        try:
            yield page
        finally:
            await self.send("Target.closeTarget", targetId=target["targetId"])
            if beside is None:
                await self.send("Target.disposeBrowserContext", browserContextId=context)

    async def send(self, method: str, session: str | None = None, /, **params: Any) -> Mapping[str, Any]:
        """Call a method of the protocol and return its result."""
        key = next(self._ids)
        future = self._waiting[key] = asyncio.get_running_loop().create_future()
        message = {"id": key, "method": method, "params": params, **({"sessionId": session} if session else {})}
        await self._connection.send(orjson.dumps(message).decode())
        answer = await asyncio.wait_for(future, _WAIT)
        assert "error" not in answer, (method, answer)
        return answer["result"]

    async def _read(self) -> None:
        async for text in self._connection:
            message = orjson.loads(text)
            if "id" in message:
                self._waiting.pop(message["id"]).set_result(message)
            elif page := self._pages.get(message.get("sessionId", "")):
                if message["method"] == "Target.attachedToTarget":
                    self._pages[message["params"]["sessionId"]] = page
                page.hear(message["method"], message["params"])


class Page:
    """One page, with its workers."""

    def __init__(self, browser: Browser, session: str, context: str) -> None:
        self._browser = browser
        self.session = session
        self.context = context
        self.problems: list[str] = []
        self.hosts: set[str] = set()
        self._tasks: set[asyncio.Task[None]] = set()

    async def prepare(self, width: int, height: int, scheme: str) -> None:
        """Turn the watching on, and set the size and the colours that the person likes."""
        await self._watch(self.session)
        await self._send("Page.enable")
        await self._send(
            "Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=False
        )
        await self.prefer(scheme)

    async def prefer(self, scheme: str) -> None:
        """Like `dark` or `light`."""
        await self._send("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}])

    async def speak(self, language: str) -> None:
        """Let the person's browser be in a language."""
        agent = (await self._browser.send("Browser.getVersion"))["userAgent"]
        await self._send("Emulation.setUserAgentOverride", userAgent=agent, acceptLanguage=language)

    async def goto(self, url: str) -> None:
        """Go to an address, and wait until it is loaded. A page may take its fragment away."""
        await self._send("Page.navigate", url=url)
        bare = json.dumps(url.partition("#")[0])
        await self.until(f"location.href.startsWith({bare}) && document.readyState === 'complete'")

    async def evaluate(self, expression: str) -> Any:
        """Return the value of an expression in the page; a promise is waited for."""
        answer = await self._send(
            "Runtime.evaluate", expression=expression, awaitPromise=True, returnByValue=True, userGesture=True
        )
        assert "exceptionDetails" not in answer, answer["exceptionDetails"]
        return answer["result"].get("value")

    async def until(self, expression: str, seconds: float = _WAIT) -> Any:
        """Wait until an expression holds, and return its value; for an element, true. To ask null is to wait on."""
        asked = (
            f"(() => {{ try {{ const value = {expression}; return value instanceof Node || value; }}"
            " catch (error) { if (error instanceof TypeError) return false; throw error; } })()"
        )
        value = None
        try:
            async with asyncio.timeout(seconds):
                while not value:
                    await asyncio.sleep(_POLL)
                    value = await self.evaluate(asked)
        except TimeoutError:
            text = await self.evaluate("document.body.innerText")
            message = f"it never came true: {expression}\nthe page complained: {self.problems}\nand shows:\n{text}"
            raise AssertionError(message) from None
        return value

    async def click(self, selector: str, text: str | None = None) -> None:
        """Click the first element that fits, and holds a text if one is given, with the mouse."""
        found = f"[...document.querySelectorAll({json.dumps(selector)})]"
        if text is not None:
            found += f".filter((each) => each.textContent.trim() === {json.dumps(text)})"
        await self.until(f"{found}[0]?.getClientRects().length > 0")
        place = await self.evaluate(
            f"(() => {{ const one = {found}[0]; one.scrollIntoView({{ block: 'nearest', inline: 'nearest' }});"
            " const at = one.getBoundingClientRect(); return [at.x + at.width / 2, at.y + at.height / 2]; })()"
        )
        for kind in ("mousePressed", "mouseReleased"):
            await self._send("Input.dispatchMouseEvent", type=kind, x=place[0], y=place[1], button="left", clickCount=1)

    async def fill(self, selector: str, text: str) -> None:
        """Put a text into a field, in the place of what is there."""
        await self.evaluate(f"document.querySelector({json.dumps(selector)}).select()")
        await self.write(text)

    async def write(self, text: str) -> None:
        """Put a text where the cursor is."""
        await self._send("Input.insertText", text=text)

    async def picture(self, path: Path) -> None:
        """Take a picture."""
        image = await self._send("Page.captureScreenshot", format="png")
        _write(path, base64.b64decode(image["data"]))

    def hear(self, method: str, params: Mapping[str, Any]) -> None:
        """Note what the browser tells."""
        match method:
            case "Runtime.consoleAPICalled" if params["type"] in ("error", "warning", "assert"):
                said = " ".join(str(each.get("value", each.get("description"))) for each in params["args"])
                self.problems.append(f"console.{params['type']}: {said}")
            case "Runtime.exceptionThrown":
                details = params["exceptionDetails"]
                self.problems.append(f"exception: {details.get('exception', {}).get('description', details['text'])}")
            case "Log.entryAdded" if params["entry"]["level"] in ("error", "warning"):
                entry = params["entry"]
                self.problems.append(f"{entry['source']}: {entry['text']} {entry.get('url', '')}".strip())
            case "Network.requestWillBeSent":
                self._note(params["request"]["url"])
            case "Network.webSocketCreated":
                self._note(params["url"])
            case "Target.attachedToTarget":
                task = asyncio.get_running_loop().create_task(self._watch(params["sessionId"]))
                self._tasks.add(task)
                task.add_done_callback(self._tasks.discard)
            case _:
                pass

    def _note(self, url: str) -> None:
        parts = urlsplit(url)
        if parts.scheme not in _QUIET_SCHEMES:
            self.hosts.add(parts.netloc)

    async def _watch(self, session: str) -> None:
        for domain in ("Runtime", "Log", "Network"):
            await self._browser.send(f"{domain}.enable", session)
        await self._browser.send(
            "Target.setAutoAttach", session, autoAttach=True, waitForDebuggerOnStart=True, flatten=True
        )
        await self._browser.send("Runtime.runIfWaitingForDebugger", session)

    async def _send(self, method: str, **params: Any) -> Mapping[str, Any]:
        return await self._browser.send(method, self.session, **params)


def _write(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)


def _command(folder: Path) -> list[str]:
    program = executable()
    assert program is not None
    options = [
        "--headless=new",
        "--remote-debugging-port=0",
        f"--user-data-dir={folder}",
        "--no-first-run",
        "--disable-gpu",
        "--disable-dev-shm-usage",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
        "--hide-scrollbars",
        "--lang=en-GB",
        "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost",
    ]
    if os.geteuid() == 0:
        options.append("--no-sandbox")
    return [program, *options, "about:blank"]


async def _address(folder: Path) -> str:
    file = folder / _PORT_FILE
    while True:
        lines = file.read_text().split("\n") if file.exists() else []
        if len(lines) == 2 and lines[1]:
            return f"ws://127.0.0.1:{lines[0]}{lines[1]}"
        await asyncio.sleep(_POLL)
