"""A widget of Python's in a page of its own, with a model that stands between the two as JupyterLab's does."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import matplotlib as mpl
import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from ascension_core.report.widgets.clip import ClipWidget
from tests.report.test_page import ARGUMENTS

mpl.use("Agg")

PAGE = """<!doctype html><meta charset="utf-8"><style>{css}</style><div id="place"></div>
<script type="module">
  const state = {state};
  const listeners = {{}};
  const tell = (event, ...given) => (listeners[event] ?? []).forEach((call) => call(...given));
  window.model = {{
    get: (name) => state[name],
    set: (name, value) => {{ state[name] = value; }},
    save_changes: () => window.changed(JSON.stringify(window.kept())),
    on: (event, call) => (listeners[event] ??= []).push(call),
    off: (event, call) => {{ listeners[event] = (listeners[event] ?? []).filter((one) => one !== call); }},
    send: async (message) => {{
      const {{ content, buffers }} = JSON.parse(await window.sent(JSON.stringify(message)));
      if (content) tell("msg:custom", content, buffers.map((text) => new DataView(Uint8Array.from(atob(text), (c) => c.charCodeAt(0)).buffer)));
    }},
  }};
  window.kept = () => Object.fromEntries(["frame", "document"].filter((name) => name in state).map((name) => [name, state[name]]));
  window.fromPython = (name, value) => {{ state[name] = value; tell(`change:${{name}}`); }};
  window.listening = () => Object.values(listeners).flat().length;
  const widget = (await import(URL.createObjectURL(new Blob([{module}], {{ type: "text/javascript" }})))).default;
  window.leave = widget.render({{ model: window.model, el: document.getElementById("place") }});
</script>"""  # noqa: E501


class Shown:
    """A widget in a browser; what the browser changes reaches Python, what it asks Python answers."""

    def __init__(self, browser: Browser, widget: ClipWidget, path: Path) -> None:
        self.widget = widget
        self.context = browser.new_context(viewport={"width": 900, "height": 1400})
        self.page: Page = self.context.new_page()
        self.said: list[str] = []
        self.requests: list[str] = []
        self.page.on("console", lambda message: self.said.append(message.text))
        self.page.on("pageerror", lambda error: self.said.append(str(error)))
        self.context.on("request", lambda request: self.requests.append(request.url))
        self.page.expose_function("sent", self._sent)
        self.page.expose_function("changed", lambda text: widget.set_state(json.loads(text)))
        state = widget.get_state()
        script, css = state.pop("_esm"), state.pop("_css")
        plain = {name: value for name, value in state.items() if not name.startswith("_") and name not in {"layout", "comm"}}
        dumped = [json.dumps(value).replace("<", "\\u003c") for value in (plain, script)]
        path.write_text(PAGE.format(css=css, state=dumped[0], module=dumped[1]), "utf-8")
        self.page.goto(path.as_uri())
        self.until("document.querySelector('.ascension-picture canvas')?.dataset.frame === '0'")
        self.page.locator(".ascension-clip").focus()

    def _sent(self, text: str) -> str:
        answers: list[tuple[Any, list[bytes]]] = []
        send, self.widget.send = self.widget.send, lambda content, buffers=None: answers.append((content, buffers or []))
        try:
            self.widget._handle_custom_msg(json.loads(text), [])
        finally:
            self.widget.send = send
        content, buffers = answers[0] if answers else (None, [])
        return json.dumps({"content": content, "buffers": [base64.b64encode(one).decode() for one in buffers]})

    def get(self, expression: str) -> Any:
        return self.page.evaluate(expression)

    def until(self, expression: str, seconds: float = 30) -> None:
        for _ in range(round(seconds / 0.05)):
            if self.get(expression):
                return
            self.page.wait_for_timeout(50)
        raise AssertionError(f"never came true: {expression}; said {self.said}")

    def press(self, *keys: str) -> None:
        for key in keys:
            self.page.keyboard.press(key)

    def at_frame(self, frame: int) -> None:
        self.until(f"document.querySelector('.ascension-picture canvas').dataset.frame === '{frame}'")

    def go_to(self, frame: int) -> None:
        self.press("Home", *["ArrowRight"] * frame)
        self.at_frame(frame)

    def colours(self, selector: str) -> int:
        """How many pixels of a canvas are painted."""
        data = f"document.querySelector('{selector}').getContext('2d').getImageData(0, 0, 9999, 9999).data"
        return int(self.get(f"{data}.filter((value, i) => i % 4 === 3 && value).length"))


@pytest.fixture(scope="module")
def widget_browser(chromium: str) -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture
def show(widget_browser: Browser, tmp_path: Path) -> Iterator[Callable[[ClipWidget], Shown]]:
    shown: list[Shown] = []

    def show(widget: ClipWidget) -> Shown:
        shown.append(Shown(widget_browser, widget, tmp_path / f"widget-{len(shown)}.html"))
        return shown[-1]

    yield show
    for one in shown:
        one.context.close()
