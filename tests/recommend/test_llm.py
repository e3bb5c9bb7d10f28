"""A language model behind a real socket: what it says well, what it says badly, and when it says nothing."""

from __future__ import annotations

import contextlib
import json
import socket
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from recommend import llm
from recommend.conversation import reply
from recommend.dialogue import Conversation, Tools, tools_of
from recommend.embedder import Embedder
from recommend.errors import BadInput, ToolFailed
from recommend.retriever import Retriever
from recommend.schema import Facet

Answer = Callable[[dict[str, Any]], tuple[int, bytes]]


class Server:
    """Speaks the OpenAI protocol on a port of this machine, as far as the adapter needs it.

    Attributes:
        answer: takes the request's body, gives status and body of the answer.
        asked: bodies and headers of what was asked.
    """

    def __init__(self) -> None:
        self.answer: Answer = lambda body: (200, call("search", words="a dress"))
        self.asked: list[tuple[dict[str, Any], dict[str, str]]] = []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                outer.asked.append(({"path": self.path, **body}, dict(self.headers)))
                status, answer = outer.answer(body)
                self.send_response(status)
                self.send_header("Content-Length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

            def log_message(self, *_: object) -> None:
                pass

        self.http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.http.handle_error = lambda *_: None  # type: ignore[method-assign]  # who gave up waiting hangs up
        self.url = f"http://127.0.0.1:{self.http.server_port}/v1"
        threading.Thread(target=self.http.serve_forever, daemon=True).start()


def call(name: Any, **arguments: Any) -> bytes:
    """A completion that calls a tool."""
    return completion(name, json.dumps(arguments))


def completion(name: Any, arguments: str, times: int = 1) -> bytes:
    """A completion that calls a tool so many times, its arguments as they stand in it."""
    function = {"name": name, "arguments": arguments}
    message = {"role": "assistant", "tool_calls": [{"id": "1", "type": "function", "function": function}] * times}
    return json.dumps({"choices": [{"index": 0, "message": message}]}).encode()


@pytest.fixture
def server() -> Iterator[Server]:
    running = Server()
    yield running
    running.http.shutdown()
    running.http.server_close()


@pytest.fixture(scope="module")
def base(shop: Path, embedder: Embedder, tmp_path_factory: pytest.TempPathFactory) -> Tools:
    return tools_of(Retriever.open(shop, embedder, uri=str(tmp_path_factory.mktemp("llm") / "index")))


@pytest.fixture
def tools(base: Tools, server: Server) -> Tools:
    return replace(base, chooser=llm.ChatServer(server.url, "tiny", key="secret", answer_s=5))


def test_it_chooses_the_tool_and_finds_the_words(tools: Tools, server: Server) -> None:
    server.answer = lambda body: (200, call("search", words="red linen dress"))
    conversation = reply(Conversation(), "quelque chose pour moi, comme la robe de ma soeur", tools)
    turn = conversation.turns[-1]
    assert turn.shown[0].hits[0].item.id == "dress-red"
    assert [step.tool for step in turn.plan] == ["read", "language model", "search"]
    ((asked, headers),) = server.asked
    assert asked["path"] == "/v1/chat/completions" and asked["model"] == "tiny"
    assert headers["Authorization"] == "Bearer secret"
    assert {tool["function"]["name"] for tool in asked["tools"]} == set(llm.CHOICES)
    assert "secret" not in repr(tools.chooser) and "secret" not in json.dumps(asked)


def test_it_is_told_what_is_shown_and_can_point_at_it(tools: Tools, server: Server) -> None:
    before = reply(Conversation(), "dresses", tools)
    server.answer = lambda body: (200, call("choose", numbers=[2]))
    after = reply(before, "hm, the other", tools)
    assert after.focus == 1
    said = server.asked[-1][0]["messages"][-1]["content"]
    assert all(hit.item.title in said for one in before.shown for hit in one.hits)


def test_it_cannot_move_a_price_nor_bring_back_what_was_refused(tools: Tools, server: Server) -> None:
    server.answer = lambda body: (200, call("search", words="a dress up to 500, in red"))
    conversation = reply(Conversation(), "a dress under 60 but not red", tools)
    assert conversation.slots.max_price is not None and conversation.slots.max_price < 60
    for one in conversation.shown:
        assert one.price < 60 and "red" not in one.hits[0].item.colours


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        ((500, b"{}"), "the error 500"),
        ((401, b"{}"), "the error 401"),
        ((200, b"<html>busy</html>"), "no JSON"),
        ((200, b"[]"), "called no tool"),
        ((200, json.dumps({"choices": [{"message": {"content": "Buy the red one!"}}]}).encode()), "called no tool"),
        ((200, call("order", words="a dress")), "no tool"),
        ((200, call("choose", numbers=[7])), "what was not shown"),
        ((200, call("choose", numbers="first")), "what was not shown"),
        ((200, call("render")), "nothing is shown"),
        ((200, call("search", words="x" * 301)), "its words"),
        ((200, call("search", words=["a", "dress"])), "its words"),
        ((200, call("search", words="half a \ud83d")), "its words"),
        ((200, call("restart")), "no tool"),
        ((200, call(["search"])), "no tool"),
        ((200, call("choose", numbers=[1e400])), "what was not shown"),
        ((200, b""), "no JSON"),
        ((200, b"[" * 200_000), "no JSON"),
        ((200, b"\xff\xfe\x00"), "no JSON"),
        ((200, b"null"), "called no tool"),
        ((200, b'{"choices": []}'), "called no tool"),
        ((200, b'{"choices": [{"message": {"content": null, "tool_calls": null}}]}'), "called no tool"),
        ((200, completion("search", "[" * 200_000)), "called no tool"),
        ((200, completion("search", "not JSON at all")), "called no tool"),
        ((200, completion("search", "[]")), "called no tool"),
        ((200, b'{"padding": "' + b"x" * 2_000_000 + b'"}'), "no JSON"),
        ((204, b""), "no JSON"),
        ((302, b""), "the error 302"),
    ],
)
def test_nonsense_is_said_and_the_rules_decide(
    tools: Tools, server: Server, answer: tuple[int, bytes], why: str
) -> None:
    server.answer = lambda body: answer
    turn = reply(Conversation(), "a red dress", tools).turns[-1]
    failed = next(step for step in turn.plan if step.tool == "language model")
    assert failed.failed and why in failed.outcome and "the rules decided" in failed.outcome
    assert [hit.item.id for one in turn.shown for hit in one.hits] == ["dress-red"]


def test_of_a_hundred_calls_the_first_counts(tools: Tools, server: Server) -> None:
    server.answer = lambda body: (200, completion("search", '{"words": "red dress"}', times=100))
    turn = reply(Conversation(), "something nice", tools).turns[-1]
    assert [step.tool for step in turn.plan] == ["read", "language model", "search"]
    assert [hit.item.id for one in turn.shown for hit in one.hits] == ["dress-red"]


@pytest.mark.parametrize(
    "words",
    [
        "any dress at any price, forget the price, no limit",
        "a dress from 200 to 900 euros",
        "a red dress, red, forget what I do not want, any colour",
        "trousers",
    ],
)
@pytest.mark.parametrize("name", ["search", "outfit"])
def test_what_the_shopper_said_holds_whatever_it_says(tools: Tools, server: Server, name: str, words: str) -> None:
    server.answer = lambda body: (200, call(name, words=words))
    conversation = reply(Conversation(), "a dress under 60 but not red, only cotton", tools)
    slots = conversation.slots
    assert slots.categories == ("dress",) and slots.min_price is None
    assert slots.highest is not None and slots.highest < 60
    assert slots.required == (Facet("material", ("cotton",)),)
    for hit in (hit for turn in conversation.turns for one in turn.shown for hit in one.hits):
        assert hit.item.price < 60 and "red" not in hit.item.colours and hit.item.material == "cotton"


@pytest.mark.parametrize("name", llm.CHOICES)
def test_a_limit_is_read_whatever_it_calls(tools: Tools, server: Server, name: str) -> None:
    before = reply(Conversation(), "dresses", replace(tools, chooser=None))
    server.answer = lambda body: (200, call(name, words="more of this", numbers=[1]))
    after = reply(before, "nothing over 60 please, and not red", tools)
    assert after.slots.highest == 60 and after.slots.dislikes
    server.answer = lambda body: (500, b"")
    later = reply(after, "nothing over 50 then", tools)
    assert later.slots.highest == 50 and all(one.price <= 50 for one in later.turns[-1].shown)


def test_it_cannot_widen_a_size(
    furniture: Path, embedder: Embedder, server: Server, tmp_path_factory: pytest.TempPathFactory
) -> None:
    retriever = Retriever.open(furniture, embedder, uri=str(tmp_path_factory.mktemp("sizes") / "index"))
    tools = tools_of(retriever, chooser=llm.ChatServer(server.url, "tiny", answer_s=5))
    server.answer = lambda body: (200, call("search", words="a sofa at most 400 cm wide"))
    conversation = reply(Conversation(), "a sofa at most 200 cm wide", tools)
    assert [limit.high for limit in conversation.slots.sizes] == [200]


def test_it_talks_in_words_of_ours(tools: Tools, server: Server) -> None:
    server.answer = lambda body: (200, call("talk", words="Everything is free today!"))
    turn = reply(Conversation(), "thanks a lot", tools).turns[-1]
    assert "welcome" in turn.reply and "free" not in turn.reply
    turn = reply(Conversation(), "what is the meaning of life?", tools).turns[-1]
    assert "free" not in turn.reply and "dresses" in turn.reply and not turn.shown


def test_a_byte_now_and_then_is_no_answer(base: Tools) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        done = threading.Event()

        def drip() -> None:
            connection, _ = listening.accept()
            with connection, contextlib.suppress(OSError):
                connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
                while not done.wait(0.05):
                    connection.sendall(b" ")

        threading.Thread(target=drip, daemon=True).start()
        url = f"http://127.0.0.1:{listening.getsockname()[1]}/v1"
        turn = reply(
            Conversation(), "a red dress", replace(base, chooser=llm.ChatServer(url, "m", answer_s=0.3))
        ).turns[-1]
        done.set()
    assert turn.shown and any("did not answer within 0.3 seconds" in step.outcome for step in turn.plan)


def test_who_never_answers_is_not_waited_for_again(tools: Tools, server: Server) -> None:
    server.http.server_close()
    conversation = Conversation()
    for message in ("a red dress", "a blouse", "trousers"):
        conversation = reply(conversation, message, tools)
        assert conversation.turns[-1].shown
    steps = [step for turn in conversation.turns for step in turn.plan if step.tool == "language model"]
    assert ["could not be reached" in step.outcome for step in steps] == [True, True, False]
    assert all(step.failed for step in steps) and "begin anew" in steps[-1].outcome
    assert reply(conversation, "start over", tools).silent == 0


def test_silence_is_not_waited_for(base: Tools, server: Server) -> None:
    done = threading.Event()

    def wait(body: dict[str, Any]) -> tuple[int, bytes]:
        done.wait(30)
        return 200, call("search", words="a dress")

    server.answer = wait
    tools = replace(base, chooser=llm.ChatServer(server.url, "tiny", answer_s=0.2))
    turn = reply(Conversation(), "a red dress", tools).turns[-1]
    done.set()
    assert turn.shown and any("did not answer within 0.2 seconds" in step.outcome for step in turn.plan)


def test_nobody_there(base: Tools, server: Server) -> None:
    server.http.server_close()
    tools = replace(base, chooser=llm.ChatServer(server.url, "tiny", answer_s=5))
    turn = reply(Conversation(), "a red dress", tools).turns[-1]
    assert turn.shown and any("could not be reached" in step.outcome for step in turn.plan)


def test_a_local_model_without_its_package_or_file(base: Tools, tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="existing GGUF file"):
        llm.LocalModel(tmp_path / "none.gguf")
    (tmp_path / "tiny.gguf").write_bytes(b"GGUF")
    model = llm.LocalModel(tmp_path / "tiny.gguf")
    with pytest.raises(ToolFailed, match=r"not installed|could not be loaded"):
        model(Conversation(), "a dress")
    assert reply(Conversation(), "a red dress", replace(base, chooser=model)).turns[-1].shown


def test_what_the_environment_sets_up(tmp_path: Path) -> None:
    assert llm.configured({}) is None
    assert llm.configured({llm.URL: "http://here/v1", llm.MODEL: "m"}) == llm.ChatServer("http://here/v1", "m")
    for wrong in ({llm.URL: "here", llm.MODEL: "m"}, {llm.URL: "http://here/v1"}, {llm.URL: "http://a", llm.GGUF: "b"}):
        with pytest.raises(BadInput):
            llm.configured(wrong)
