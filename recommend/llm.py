"""A language model that chooses the next move: an OpenAI-compatible server, or a GGUF file on this machine.

It is told what was said and what was shown, in words; it never sees a picture. What it answers is one call of a tool
with its arguments, and those are checked here. Prices, and all else that filters, are read from the shopper's words by
rules, whatever it says. No answer, or one that makes no sense, is a `ToolFailed`, and the rules decide.
"""

from __future__ import annotations

import http.client
import json
import os
import queue
import threading
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, Final

from recommend.dialogue import MOVES, Conversation, Move
from recommend.errors import BadInput, ToolFailed
from recommend.wording import title_of

#: Environment variables that set a language model up.
URL, MODEL, KEY, GGUF = "TRYROOM_LLM_URL", "TRYROOM_LLM_MODEL", "TRYROOM_LLM_KEY", "TRYROOM_LLM_GGUF"
#: Seconds to wait for an answer, and its largest size in bytes.
ANSWER: Final = 30.0
LARGEST: Final = 1_000_000
#: Turns that it is told, and the longest wording that is taken from it.
REMEMBERED: Final = 6
LONGEST: Final = 300
#: Moves that it may choose. To begin anew is for the shopper alone.
CHOICES: Final = tuple(name for name in MOVES if name != "restart")

_SYSTEM: Final = (
    "You are the stylist of a shop. Answer each message of the shopper with exactly one tool call. In `words`, say "
    "what is looked for in short plain English: kinds, colours, materials, occasion, place, season; no prices. Use "
    "`refine` where something that was shown shall be otherwise, and number what was shown from 1."
)
_WHAT: Final = {
    "outfit": "Put whole outfits or sets for a room together.",
    "search": "Find single items.",
    "refine": "Show the same but otherwise: cheaper, in another colour, swap one part, something else.",
    "complement": "Find what goes with an item that was shown.",
    "compare": "Set two or three things that were shown side by side.",
    "choose": "The shopper points at one thing that was shown.",
    "tell": "Say what the shop states of a thing that was shown: price, material, size.",
    "render": "Show a thing in the shopper's photo.",
    "talk": "The message looks for nothing: a greeting, thanks, another subject.",
}
_ARGUMENTS: Final = {
    "type": "object",
    "properties": {
        "words": {"type": "string", "maxLength": LONGEST, "description": "What is looked for, or shall be otherwise."},
        "numbers": {
            "type": "array",
            "items": {"type": "integer", "minimum": 1},
            "description": "Which of those shown.",
        },
    },
}
TOOLS: Final = [
    {"type": "function", "function": {"name": name, "description": _WHAT[name], "parameters": _ARGUMENTS}}
    for name in CHOICES
]


def messages(before: Conversation, text: str) -> list[dict[str, str]]:
    """What a language model is told: the last turns, what is shown now, and the message."""
    told = [{"role": "system", "content": _SYSTEM}]
    for turn in before.turns[-REMEMBERED:]:
        told += [{"role": "user", "content": turn.said}, {"role": "assistant", "content": turn.reply}]
    shown = "; ".join(f"{place}. {title_of(one)}" for place, one in enumerate(before.shown, start=1))
    return [*told, {"role": "user", "content": f"(Shown now: {shown})\n{text}" if shown else text}]


def move_of(answer: Any, before: Conversation) -> Move:
    """The move that a chat completion calls for.

    Args:
        answer: a completion as the OpenAI protocol has it, parsed from JSON.
        before: the conversation, to which its numbers refer.

    Raises:
        ToolFailed: it calls no tool of ours, or with arguments that mean nothing.
    """
    try:
        call = answer["choices"][0]["message"]["tool_calls"][0]["function"]
        name, arguments = call["name"], call["arguments"]
        arguments = json.loads(arguments or "{}") if isinstance(arguments, str) else arguments
        words, numbers = arguments.get("words") or "", arguments.get("numbers") or []
    except (KeyError, IndexError, TypeError, ValueError, AttributeError, RecursionError) as error:
        raise ToolFailed("it called no tool") from error
    if name not in CHOICES:
        raise ToolFailed(f"it called {str(name)[:40]!r}, which is no tool")
    if not isinstance(words, str) or len(words) > LONGEST or not _is_text(words):
        raise ToolFailed("its words are none")
    places = [number - 1 for number in numbers if type(number) is int] if isinstance(numbers, list) else []
    if len(places) != len(numbers) or not all(0 <= place < len(before.shown) for place in places):
        raise ToolFailed("it pointed at what was not shown")
    if name not in ("outfit", "search", "talk") and not before.shown:
        raise ToolFailed(f"it called {name} though nothing is shown")
    if name == "refine" and not words:
        raise ToolFailed("it did not say what shall be otherwise")
    # What goes with a thing is read from the shopper's words, and asides are answered in words of ours.
    words = "" if name in ("complement", "talk") else words
    return Move(name, "the language model chose it", tuple(places), words=words)


def _is_text(words: str) -> bool:
    """Whether words can be written: JSON may hold halves of characters."""
    try:
        return bool(words.encode()) or not words
    except UnicodeEncodeError:
        return False


def _in_time(fetch: Callable[[], bytes], seconds: float) -> bytes:
    """What a call gives, raising what it raises; TimeoutError if that takes longer.

    The time limit of a socket is that of each packet, so a server that sends a byte now and then would never end.
    """
    outcome: queue.SimpleQueue[bytes | Exception] = queue.SimpleQueue()

    def work() -> None:
        try:
            outcome.put(fetch())
        except Exception as error:  # raised again below
            outcome.put(error)

    threading.Thread(target=work, name="language model", daemon=True).start()
    try:
        got = outcome.get(timeout=seconds)
    except queue.Empty:
        raise TimeoutError from None
    if isinstance(got, Exception):
        raise got
    return got


@dataclass(frozen=True)
class ChatServer:
    """A server that speaks the OpenAI protocol.

    Attributes:
        url: up to and with "/v1".
        model: its name there.
        key: sent as a bearer token, "" for none; never shown.
        answer_s: seconds to wait for it.
    """

    url: str
    model: str
    key: str = field(default="", repr=False)
    answer_s: float = ANSWER

    def __post_init__(self) -> None:
        if not self.url.startswith(("http://", "https://")):
            raise BadInput(URL, repr(self.url), "an address that begins with http:// or https://", "Correct it.")
        if not self.model:
            raise BadInput(MODEL, "nothing", "the name of a model of that server", f"Set {MODEL} or --llm-model.")

    @property
    def name(self) -> str:
        """What the plan calls it."""
        return self.model

    def __call__(self, before: Conversation, text: str) -> Move:
        """The move it chooses; raises ToolFailed."""
        body = {"model": self.model, "messages": messages(before, text), "tools": TOOLS, "tool_choice": "required"}
        headers = {"Content-Type": "application/json", **({"Authorization": f"Bearer {self.key}"} if self.key else {})}
        data, address = json.dumps(body | {"temperature": 0}).encode(), f"{self.url.rstrip('/')}/chat/completions"
        try:
            request = urllib.request.Request(address, data, headers)
            answer = json.loads(_in_time(lambda: self._fetch(request), self.answer_s))
        except urllib.error.HTTPError as error:
            raise ToolFailed(f"it answered with the error {error.code}") from error
        except (OSError, http.client.HTTPException) as error:
            late = isinstance(getattr(error, "reason", error), TimeoutError)
            why = f"it did not answer within {self.answer_s:g} seconds" if late else "it could not be reached"
            raise ToolFailed(why, silent=True) from error
        except (ValueError, RecursionError) as error:
            raise ToolFailed("its answer is no JSON") from error
        return move_of(answer, before)

    def _fetch(self, request: urllib.request.Request) -> bytes:
        """The body of the answer, or its beginning if it is too large to make sense."""
        with urllib.request.urlopen(request, timeout=self.answer_s) as response:
            return bytes(response.read(LARGEST))


@dataclass(frozen=True)
class LocalModel:
    """A GGUF file, run on this machine by llama-cpp-python, the extra `llm`. Loaded with the first message.

    Attributes:
        path: of the file.
    """

    path: Path

    def __post_init__(self) -> None:
        if not self.path.is_file():
            raise BadInput(GGUF, str(self.path), "an existing GGUF file", "Correct the path.")

    @property
    def name(self) -> str:
        """What the plan calls it."""
        return self.path.name

    @cached_property
    def _llama(self) -> Any:
        try:
            from llama_cpp import Llama
        except ImportError as error:
            raise ToolFailed("llama-cpp-python is not installed; pip install 'tryroom[llm]'") from error
        try:
            return Llama(str(self.path), n_ctx=4096, verbose=False, chat_format="chatml-function-calling")
        except ValueError as error:
            raise ToolFailed(f"its file could not be loaded ({error})") from error

    def __call__(self, before: Conversation, text: str) -> Move:
        """The move it chooses; raises ToolFailed."""
        llama, told = self._llama, messages(before, text)
        try:
            answer = llama.create_chat_completion(messages=told, tools=TOOLS, tool_choice="auto", temperature=0)
        except (ValueError, RuntimeError) as error:  # more was said than it can hold, or it has no memory left
            raise ToolFailed(f"it failed ({error})") from error
        return move_of(answer, before)


def configured(settings: Mapping[str, str] = os.environ) -> ChatServer | LocalModel | None:
    """The language model that environment variables name, None if they name none.

    Raises:
        BadInput: they name one that cannot be, or two.
    """
    url, path = settings.get(URL, ""), settings.get(GGUF, "")
    if url and path:
        raise BadInput(f"{URL} and {GGUF}", "both", "one of them", "Unset the other.")
    if url:
        return ChatServer(url, settings.get(MODEL, ""), settings.get(KEY, ""))
    return LocalModel(Path(path)) if path else None
