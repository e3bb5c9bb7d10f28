"""Errors in the words of a shopper."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest

from pipelines import errors as rendering
from recommend import errors as retrieval
from ui.messages import explain


@pytest.mark.parametrize("package", [rendering, retrieval])
def test_bad_input_says_what_why_and_what_to_do(package: object) -> None:
    error = package.BadInput("person photo", "a chair", "a person", "Choose another.")  # type: ignore[attr-defined]
    assert explain(error) == "**Person photo**: a chair. Needed: a person. Choose another."


def test_missing_weights_name_the_command_that_gets_them() -> None:
    error = rendering.MissingWeights("parser/model", (Path("/x"),), "tryroom weights fetch parser", "no network")
    assert "parser/model" in explain(error) and "no network" in explain(error)
    assert "`tryroom weights fetch parser`" in explain(error)


def test_a_failed_render_names_its_stage() -> None:
    assert "warp" in explain(rendering.RenderFailed("warp", "no sleeves"))


@pytest.mark.parametrize(
    "error",
    [
        rendering.CorruptWeights("a/b", "0" * 64, "1" * 64, "tryroom weights fetch a"),
        retrieval.IncompatibleIndex("here", "a", "b", "tryroom catalog index x --anew"),
    ],
)
def test_other_known_errors_keep_their_own_words(error: Exception) -> None:
    assert str(error) in explain(error)


def test_the_unforeseen_is_logged_in_full_and_told_in_a_line(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.ERROR):
        message = explain(ZeroDivisionError("by zero"))
    assert "ZeroDivisionError: by zero" in message and "try again" in message and "\n" not in message
    assert caplog.records[0].exc_info is not None
