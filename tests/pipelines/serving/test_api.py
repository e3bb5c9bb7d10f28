"""The HTTP API over real sockets: what is taken, what is refused and how, what is kept."""

from __future__ import annotations

import io
import json
import socket
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image as PILImage

from pipelines import images, wire
from pipelines.errors import BadInput
from pipelines.serving import gate, line
from pipelines.serving.settings import ServeSettings
from tests.pipelines.serving.served import TOKEN, Served, never_loads, photo, serving, tryon
from tests.pipelines.tiny_renderer import BREAKS, HOLDS, PAINTS, SLOW, TIMES, TinyRenderer

PROBLEM = {"what", "got", "allowed", "next"}


def multipart(document: object, pictures: dict[str, bytes]) -> tuple[bytes, dict[str, str]]:
    body, kind = wire.body_of(document, pictures)  # type: ignore[arg-type]
    return body, {"Content-Type": kind}


def test_a_render_from_end_to_end(served: Served) -> None:
    request = tryon(seed=3)
    taken = served.post(request)
    assert taken.status == 202
    assert taken.headers["Location"] == f"/v1/renders/{taken.json['id']}"
    events = served.events(taken.json["id"])
    assert {name for name, _ in events[:-1]} == {"progress"}
    name, status = events[-1]
    assert (name, status["state"], status["fraction"], status["attempts"]) == ("done", "done", 1.0, 1)
    local = TinyRenderer("compact").render(request)
    png = served.ask("GET", f"{taken.headers['Location']}/picture").body
    assert np.array_equal(images.load_image_bytes(png), local.image)
    with PILImage.open(io.BytesIO(png)) as made:
        assert images.load_recipe(made.info["tryroom"]) == status["recipe"] == local.recipe
    mask = served.ask("GET", f"{taken.headers['Location']}/mask").body
    assert np.array_equal(images.load_mask_bytes(mask), local.mask)
    assert set(status["steps"]) == set(local.steps)
    hint = served.ask("GET", f"{taken.headers['Location']}/steps/hint").body
    assert np.array_equal(images.load_image_bytes(hint), local.steps["hint"])
    assert status["warnings"] == ["a tiny renderer"]
    assert served.ask("DELETE", taken.headers["Location"]).status == 204
    for path in ("", "/picture", "/events"):
        gone = served.ask("GET", f"{taken.headers['Location']}{path}")
        assert (gone.status, set(gone.json)) == (404, PROBLEM)


def test_without_the_token_nothing_is_told(served: Served) -> None:
    body, headers = multipart(*wire.pack(tryon()))
    for token in ("", "wrong", "ä"):
        answer = served.ask("POST", "/v1/renders", body, headers, token=token)
        assert (answer.status, answer.headers["WWW-Authenticate"]) == (401, "Bearer")
    assert served.ask("GET", "/v1/renderers", token="").status == 401
    assert served.ask("GET", "/v1/health", token="").json == {"status": "ok"}


def test_pages_of_the_web_are_refused(served: Served) -> None:
    assert served.ask("GET", "/v1/renderers", headers={"Origin": "https://example.org"}).status == 403
    assert served.ask("GET", "/v1/renderers", headers={"Origin": served.address}).status == 200


def test_a_body_that_is_too_large_is_not_read(served: Served) -> None:
    limit = served.ask("GET", "/v1/renderers").json[0]["limits"]["max_bytes"]
    said = served.ask("POST", "/v1/renders", b"x", {"Content-Length": str(limit + 1), "Content-Type": "multipart/x"})
    assert (said.status, said.json["allowed"]) == (413, "at most 32 MB")


def test_a_body_of_no_said_length_is_refused_while_it_comes() -> None:
    def chunks() -> Iterator[bytes]:
        yield b'--b\r\nContent-Disposition: form-data; name="pictures"; filename="a"\r\n\r\n'
        for _ in range(60):
            yield bytes(50_000)

    with serving(max_bytes=1_000_000) as small:
        answer = small.ask("POST", "/v1/renders", chunks(), {"Content-Type": "multipart/form-data; boundary=b"})
        assert (answer.status, answer.json["allowed"]) == (413, "at most 1 MB")
        assert small.post(tryon()).status == 202


GOOD, FILES = wire.pack(tryon())


@pytest.mark.parametrize(
    ("document", "pictures", "says"),
    [
        (GOOD | {"category": "shoes"}, FILES, "category: got 'shoes'; allowed: auto, upper, lower, dress"),
        (GOOD | {"settings": {"num_inference_steps": 51}}, FILES, "steps: got 51; allowed: 0 to 50"),
        (GOOD | {"settings": {"seed": 0.5}}, FILES, "tryon.settings.seed: got 0.5"),
        (GOOD | {"settings": {"renderer": "sd15"}}, FILES, "tryon.settings.renderer"),
        (GOOD | {"person_height": 1.72}, FILES, "person height: got 1.72; allowed: 50 to 250 cm"),
        (GOOD | {"colour": "red"}, FILES, "tryon.colour: got 'red'"),
        (GOOD | {"task": "paint"}, FILES, "paint"),
        (GOOD, {}, "which is not among the pictures"),
        (GOOD, FILES | {"more.png": b"x"}, "'more.png', which the request does not name"),
        (GOOD, dict.fromkeys(FILES, b"these are words"), "a text file of 15 bytes"),
        (GOOD, {name: data[:200] for name, data in FILES.items()}, "damaged or cut-off"),
        ([1, 2], FILES, "request: got [1, 2]"),
        (GOOD | {"others": [{"garment": GOOD["garment"]}] * 201}, FILES, "at most 200 items"),
    ],
)
def test_what_cannot_be_used_is_said_in_the_words_of_the_command(
    served: Served, document: object, pictures: dict[str, bytes], says: str
) -> None:
    answer = served.ask("POST", "/v1/renders", *multipart(document, pictures))
    assert answer.status == 422, answer.body
    said = answer.json
    assert says in str(BadInput(said["what"], said["got"], said["allowed"], said["next"]))


def test_pictures_that_would_fill_the_memory_are_refused(served: Served) -> None:
    def flat(side: int) -> bytes:
        stream = io.BytesIO()
        PILImage.new("L", (side, side)).save(stream, "PNG")
        return stream.getvalue()

    bomb = served.ask("POST", "/v1/renders", *multipart(GOOD, FILES | {GOOD["person"]: flat(6500)}))
    assert (bomb.status, bomb.json["allowed"]) == (422, "at most 40 megapixels")
    many = GOOD | {"others": [{"garment": GOOD["garment"]}] * 60}
    together = served.ask("POST", "/v1/renders", *multipart(many, FILES | {GOOD["garment"]: flat(1500)}))
    assert (together.status, together.json["what"]) == (422, "pictures together")


FORM = "multipart/form-data; boundary=b"


def field(name: str, value: bytes) -> bytes:
    return f'--b\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n'.encode() + value + b"\r\n--b--\r\n"


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"", FORM),
        (b"--b\r\n", FORM),
        (b"nothing of the kind", "multipart/form-data"),
        (b'{"task": "tryon"}', "application/json"),
        (field("x", b"1"), FORM),
        (field("request", b"{"), FORM),
        (field("request", b"\xff\xfe"), FORM),
        (field("request", b'{"task": "tryon", "person": "a", "garment": "b", "mask_grow": NaN}'), FORM),
        (field("pictures", b"without a file name"), FORM),
    ],
)
def test_malformed_bodies(served: Served, body: bytes, kind: str) -> None:
    answer = served.ask("POST", "/v1/renders", body, {"Content-Type": kind})
    assert (answer.status, set(answer.json)) == (422, PROBLEM)


def test_unknown_ways_are_refused_as_everything_else(served: Served) -> None:
    assert (served.ask("GET", "/v2").status, served.ask("PUT", "/v1/renders").status) == (404, 405)
    assert set(served.ask("GET", "/v2").json) == PROBLEM


def test_a_full_queue_says_when_to_come_again(served: Served) -> None:
    running = served.post(tryon(SLOW, 1)).json["id"]
    served.wait_for(running, "running")
    waiting = [served.post(tryon(SLOW, seed)).json for seed in (2, 3)]
    assert [one["ahead"] for one in waiting] == [0, 1]
    refused = served.post(tryon(SLOW, 4))
    assert (refused.status, set(refused.json)) == (429, PROBLEM)
    assert 1 <= int(refused.headers["Retry-After"]) <= 30
    assert served.ask("GET", f"/v1/renders/{waiting[0]['id']}/picture").status == 409
    served.ask("DELETE", f"/v1/renders/{waiting[0]['id']}")
    assert served.status(waiting[0]["id"])["state"] == "cancelled"
    assert served.post(tryon(seed=5)).status == 202
    assert served.wait_for(waiting[1]["id"], "done")["attempts"] == 1


def test_who_was_refused_first_has_the_next_place(log: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(line, "HELD_MORE", 600.0)  # however busy the machine
    first, second, late = (f"a-key-of-enough-letters-{number}" for number in range(3))
    with serving(never_loads, queue=1) as small:
        small.wait_for(small.post(tryon()).json["id"], "running")
        waiting = small.post(tryon()).json["id"]
        assert [small.post(tryon(), key).status for key in (first, second)] == [429, 429]
        small.ask("DELETE", f"/v1/renders/{waiting}")
        recipe = multipart(*wire.pack(tryon()))
        assert [small.post(tryon(), key).status for key in (late, "", second)] == [429, 429, 429]
        assert small.ask("POST", "/v1/recipes", *recipe).status == 429
        taken = small.post(tryon(), first)
        assert taken.status == small.post(tryon(), first).status == 202
        assert small.post(tryon(), second).status == 429
        small.ask("DELETE", taken.headers["Location"])
        assert [small.post(tryon(), key).status for key in (late, second)] == [429, 202]


def test_a_key_renders_once(served: Served) -> None:
    first, second = (served.post(tryon(seed=6), key="a-key-of-enough-letters") for _ in range(2))
    assert first.json["id"] == second.json["id"]
    other = served.post(tryon(seed=7), key="a-key-of-enough-letters")
    assert (other.status, other.json["what"]) == (422, "Idempotency-Key")
    assert served.post(tryon(seed=7), key="short").status == 422
    served.wait_for(first.json["id"], "done")


def test_a_render_that_breaks_says_where(served: Served) -> None:
    broken = served.post(tryon(BREAKS)).json["id"]
    status = served.wait_for(broken, "failed")
    assert status["failure"] == {"stage": "warp", "why": "the garment\nhas no sides"}


# --- previews -----------------------------------------------------------------------------------------------


def holding(served: Served, *, previews: bool, seed: int = 1) -> str:
    """A render that has shown itself, if it was asked to, and goes on until it is cancelled."""
    render: str = served.post(tryon(HOLDS, seed), previews=previews).json["id"]
    end = time.monotonic() + 60
    while served.status(render)["stage"] != "holding":
        assert time.monotonic() < end
    return f"/v1/renders/{render}"


def test_a_render_shows_itself_while_it_runs_to_who_asked_for_it_and_has_the_token(served: Served) -> None:
    render = holding(served, previews=True)
    assert served.ask("GET", render).json["previews"] == 1
    preview = served.ask("GET", f"{render}/preview")
    assert (preview.status, preview.headers["Content-Type"]) == (200, "image/jpeg")
    assert preview.headers["Cache-Control"] == "no-store"
    assert images.load_jpeg_bytes(preview.body, what="preview").shape == (96, 72, 3)
    for token in ("", "wrong"):
        refused = served.ask("GET", f"{render}/preview", token=token)
        assert (refused.status, set(refused.json)) == (401, PROBLEM)
    other = served.post(tryon(seed=2), previews=True).json["id"]
    assert served.ask("GET", f"/v1/renders/{other}/preview").status == 409  # it waits
    assert served.ask("GET", "/v1/renders/of-somebody-else/preview").status == 404
    served.ask("DELETE", render)
    served.wait_for(other, "done")
    for ended in (render, f"/v1/renders/{other}"):
        assert (served.ask("GET", f"{ended}/preview").status, served.ask("GET", ended).json["previews"]) == (409, 1)


def test_who_asks_for_no_previews_gets_none(served: Served) -> None:
    render = holding(served, previews=False)
    assert served.ask("GET", render).json["previews"] == 0
    assert served.ask("GET", f"{render}/preview").status == 409
    served.ask("DELETE", render)


def test_previews_are_part_of_what_a_key_is_for(served: Served) -> None:
    key = "a-key-for-one-who-watches"
    assert served.post(tryon(seed=11), key, previews=True).status == 202
    assert served.post(tryon(seed=11), key).status == 422
    assert served.post(tryon(seed=11), key, previews=True).status == 202


def test_a_client_that_does_not_read_what_it_asks_for_holds_nothing_up(served: Served) -> None:
    large = replace(tryon(PAINTS), person=photo(PAINTS, scale=10))
    render = served.post(large, previews=True).json["id"]
    ask = f"GET /v1/renders/{render}/{{}} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {TOKEN}\r\n\r\n"
    with (
        socket.create_connection(("127.0.0.1", served.port)) as events,
        socket.create_connection(("127.0.0.1", served.port)) as previews,
    ):
        previews.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        events.sendall(ask.format("events").encode())
        served.wait_for(render, "running")
        previews.sendall(100 * ask.format("preview").encode())
        assert served.wait_for(render, "done")["previews"] == TIMES  # the last step is the picture itself
        assert events.recv(12) == b"HTTP/1.1 200"


def test_recipes_are_told_without_rendering(served: Served) -> None:
    request = tryon(seed=8)
    answer = served.ask("POST", "/v1/recipes", *multipart(*wire.pack(request)))
    assert answer.json == {"recipe": TinyRenderer("compact").recipe(request)}


def test_results_are_kept_for_a_while_only() -> None:
    with serving(keep=2, keep_seconds=60) as few:
        ids = [few.post(tryon(seed=seed)).json["id"] for seed in (1, 2, 3)]
        few.wait_for(ids[2], "done")
        assert [few.ask("GET", f"/v1/renders/{one}").status for one in ids] == [404, 200, 200]
    with serving(keep_seconds=0.2) as brief:
        render = brief.post(tryon()).json["id"]
        assert brief.events(render)[-1][0] == "done"
        end = time.monotonic() + 60
        while brief.ask("GET", f"/v1/renders/{render}").status != 404:
            assert time.monotonic() < end
            time.sleep(0.05)


def test_other_machines_need_a_token() -> None:
    with pytest.raises(BadInput, match=r"--token: got none, with --host 0\.0\.0\.0"):
        ServeSettings(host="0.0.0.0")
    assert "secret" not in repr(ServeSettings(host="0.0.0.0", token="secret"))


def test_without_a_token_this_machine_is_asked_by_its_own_name_only() -> None:
    with serving(token="") as local:
        assert local.ask("GET", "/v1/renderers", token="").status == 200
        assert local.ask("GET", "/v1/renderers", headers={"Host": "evil.example"}, token="").status == 403


def half_sent(served: Served) -> socket.socket:
    """A connection with a request of which a part of the body came."""
    line = socket.create_connection(("127.0.0.1", served.port))
    head = f"POST /v1/renders HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {TOKEN}\r\nContent-Type: {FORM}\r\n"
    line.sendall(f"{head}Content-Length: 1000\r\n\r\n--b\r\n".encode())
    return line


def test_a_body_that_does_not_come_is_not_waited_for(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gate, "PATIENCE", 0.1)
    with half_sent(served) as line:
        assert line.recv(100).startswith(b"HTTP/1.1 408 ")


def test_a_client_that_goes_away_gives_its_place_back(served: Served, capfd: pytest.CaptureFixture[str]) -> None:
    for _ in range(3):
        half_sent(served).close()
    end = time.monotonic() + 60
    while (taken := served.post(tryon(seed=9))).status == 429:
        assert time.monotonic() < end
    served.wait_for(taken.json["id"], "done")
    assert capfd.readouterr() == ("", "")


def test_nothing_of_a_request_is_logged(served: Served, capfd: pytest.CaptureFixture[str]) -> None:
    document, pictures = GOOD | {"person": "anna-on-the-beach.jpg"}, FILES
    files = {("anna-on-the-beach.jpg" if name == GOOD["person"] else name): data for name, data in pictures.items()}
    made = served.ask("POST", "/v1/renders?previews=true", *multipart(document, files)).json["id"]
    assert served.events(made)[-1][1]["previews"] == 1
    served.ask("POST", "/v1/renders", *multipart(json.loads("{}"), files))
    assert capfd.readouterr() == ("", "")
