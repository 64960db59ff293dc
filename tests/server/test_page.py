"""The page in a real browser against a scripted engine. Any request that leaves the server fails the test."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from inference.engine.scripted import ScriptedEngine
from server.app import Access, create_app
from tests.server.harness import served, wait_until
from tests.tools import require_tool

FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
CODE = (
    "Here it is:\n\n```python\ndef add(a: int, b: int) -> int:\n    return a + b\n```\n\nCall it with **two** numbers."
)
ATTACK = (
    "<script>window.hacked = 1</script><img src=x onerror='window.hacked = 2'>"
    "[click](javascript:window.hacked=3) ![x](http://tracker.example/x.png)\n\n"
    '```"><img src=x onerror=window.hacked=4>\n<script>window.hacked = 5</script>\n```'
)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    chromium = require_tool("chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(chromium), args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def engine() -> ScriptedEngine:
    return ScriptedEngine()


@pytest.fixture
def url(engine: ScriptedEngine) -> Iterator[str]:
    with served(create_app(engine)) as address:
        yield address


@pytest.fixture
def page(browser: Browser, url: str) -> Iterator[Page]:
    yield from opened(browser, url)


def opened(browser: Browser, url: str, **options: Any) -> Iterator[Page]:
    """The page, loaded; afterwards it must have asked nobody else and logged no error but the server's refusals."""
    context = browser.new_context(**options)
    page = context.new_page()
    complaints: list[str] = []
    page.on("request", lambda request: None if request.url.startswith(url) else complaints.append(request.url))
    page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.goto(url)
    expect(page.locator("#model-name")).to_have_text("scripted")
    yield page
    context.close()
    refusal = "Failed to load resource: the server responded with a status of 4"
    assert [complaint for complaint in complaints if not complaint.startswith(refusal)] == []


def ask(page: Page, text: str) -> None:
    page.locator("#question").fill(text)
    page.locator("#question").press("Enter")


def test_an_answer_streams_and_its_code_is_rendered(page: Page, engine: ScriptedEngine) -> None:
    engine.say(CODE)
    ask(page, "Add two numbers")
    answer = page.locator(".message.assistant")
    expect(answer.locator("pre .k").first).to_have_text("def")
    expect(answer.locator(".bar span")).to_have_text("python")
    expect(answer.locator("strong")).to_have_text("two")
    expect(answer.locator("footer")).to_contain_text(f"{len(CODE)} tokens")
    expect(page.locator(".message.user .body")).to_have_text("Add two numbers")
    expect(page.locator("#chats .entry")).to_have_text("Add two numbers")
    expect(page.locator("#question")).to_have_value("")


def test_code_can_be_copied(page: Page, engine: ScriptedEngine, url: str) -> None:
    page.context.grant_permissions(["clipboard-read", "clipboard-write"], origin=url)
    engine.say(CODE)
    ask(page, "Add")
    page.locator("pre .k").first.wait_for()
    page.get_by_role("button", name="Copy").click()
    expect(page.get_by_role("button", name="Copied")).to_be_visible()
    copied = page.evaluate("navigator.clipboard.readText()")
    assert copied == "def add(a: int, b: int) -> int:\n    return a + b\n"


def test_the_next_question_carries_the_conversation(page: Page, engine: ScriptedEngine) -> None:
    engine.say("First answer", "Second answer")
    ask(page, "First")
    expect(page.locator(".message.assistant footer")).to_contain_text("tokens")
    ask(page, "Second")
    expect(page.locator(".message.assistant").nth(1)).to_contain_text("Second answer")
    assert engine.prompt_text().endswith("<|user|>First\n<|assistant|>First answer\n<|user|>Second\n<|assistant|>")


@pytest.mark.parametrize("by", ["button", "key"])
def test_stop_stops_the_engine_and_keeps_what_was_said(page: Page, engine: ScriptedEngine, by: str) -> None:
    engine._delay = 0.02
    engine.say("word " * 2000)
    ask(page, "Talk")
    expect(page.locator(".message.assistant")).to_contain_text("word word")
    if by == "button":
        page.get_by_role("button", name="Stop").click()
    else:
        page.keyboard.press("Escape")
    wait_until(lambda: engine.generations[0].finish_reason == "cancelled")
    expect(page.locator(".message.assistant footer")).to_have_text("stopped")
    expect(page.locator(".message.assistant")).to_contain_text("word word")
    expect(page.get_by_role("button", name="Send")).to_be_visible()


def test_what_the_model_writes_is_inert(page: Page, engine: ScriptedEngine) -> None:
    engine.say(ATTACK, "done")
    ask(page, "<b id='mine'>Attack</b><script>window.hacked = 6</script>")
    expect(page.locator(".message.assistant footer")).to_contain_text("tokens")
    page.locator(".message.assistant .code").wait_for()
    page.wait_for_timeout(200)
    assert page.evaluate("window.hacked") is None
    messages = page.locator("#messages")
    assert messages.locator("script, img, iframe, svg, [onerror], [onload], #mine, a[href^=javascript]").count() == 0
    expect(messages).to_contain_text("<script>window.hacked = 1</script>")


def test_the_allow_list_holds_even_for_hostile_html(page: Page) -> None:
    html = (
        "<p onclick='x()'>a<img src=x onerror='window.hacked=1'><a href='javascript:x()'>b</a><form><b>c</b></form></p>"
    )
    shown = page.evaluate(
        "async (html) => { const m = await import('/web/markdown.js'); const d = document.createElement('div');"
        "d.append(m.safeNodes(html)); return d.innerHTML; }",
        html,
    )
    assert "onclick" not in shown
    assert "<img" not in shown
    assert "javascript" not in shown
    assert "<form" not in shown


def test_shift_enter_begins_a_line(page: Page, engine: ScriptedEngine) -> None:
    question = page.locator("#question")
    question.fill("one")
    question.press("Shift+Enter")
    question.press_sequentially("two")
    expect(question).to_have_value("one\ntwo")
    assert engine.requests == []


def test_chats_are_kept_and_can_be_left_reopened_and_deleted(page: Page, engine: ScriptedEngine) -> None:
    engine.say("Answer one", "Answer two")
    ask(page, "Chat one")
    expect(page.locator(".message.assistant footer")).to_contain_text("tokens")
    page.get_by_role("button", name="New chat").click()
    expect(page.locator(".message")).to_have_count(0)
    ask(page, "Chat two")
    expect(page.locator(".message.assistant footer")).to_contain_text("tokens")
    page.reload()
    expect(page.locator("#chats .entry")).to_have_text(["Chat two", "Chat one"])
    page.get_by_role("button", name="Chat one", exact=True).click()
    expect(page.locator(".message.assistant")).to_contain_text("Answer one")
    page.get_by_role("button", name="Delete the chat: Chat one").focus()
    page.keyboard.press("Enter")
    expect(page.locator("#chats .entry")).to_have_text(["Chat two"])


def test_an_error_is_a_sentence_and_the_question_is_not_lost(page: Page) -> None:
    ask(page, "x" * 5000)
    expect(page.locator("#notice")).to_contain_text("window")
    expect(page.locator("#question")).to_have_value("x" * 5000)
    expect(page.locator(".message")).to_have_count(0)


def test_a_key_is_asked_for(browser: Browser, engine: ScriptedEngine) -> None:
    engine.say("Let in")
    with served(create_app(engine, access=Access(keys=("secret",)))) as url:
        for page in opened(browser, url):
            ask(page, "Hello")
            page.locator("#key").fill("secret")
            page.locator("#key").press("Enter")
            expect(page.locator("#question")).to_have_value("Hello")
            page.locator("#question").press("Enter")
            expect(page.locator(".message.assistant")).to_contain_text("Let in")


def test_on_a_phone_the_chats_are_behind_a_button(browser: Browser, url: str) -> None:
    for page in opened(browser, url, viewport={"width": 375, "height": 700}):
        expect(page.locator("#sidebar")).not_to_be_in_viewport()
        page.get_by_role("button", name="Chats").click()
        expect(page.get_by_role("button", name="New chat")).to_be_in_viewport()
        width = page.evaluate("document.documentElement.scrollWidth")
        assert width <= 375


def test_the_reference_works_offline(page: Page, url: str, tmp_path: Path) -> None:
    page.goto(f"{url}/docs")
    expect(page.get_by_role("heading", name="POST /v1/chat/completions")).to_be_visible()
