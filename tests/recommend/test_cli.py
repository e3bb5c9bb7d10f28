"""The commands as typed, with a small encoder in place of the towers."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import pytest
import typer
from typer.testing import CliRunner

from recommend import cli
from recommend.embedder import Embedder, WeightPaths
from recommend.errors import BadInput, MissingPackage
from recommend.retriever import Retriever
from recommend.room_style import read_room

NOWHERE = WeightPaths(Path("minilm"), Path("lite2.pth"), Path("heads"))


@pytest.fixture
def app(
    shop: Path, furniture: Path, embedder: Embedder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> typer.Typer:
    """The commands joined as the entry point joins them."""
    monkeypatch.setenv("TRYROOM_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr("recommend.embedder.TwoTowerEmbedder", lambda paths: embedder)
    app = typer.Typer(pretty_exceptions_enable=False)

    @app.callback()
    def join(ctx: typer.Context, version: Annotated[bool, typer.Option()] = False) -> None:
        ctx.meta[cli.TOOLS] = cli.Tools(
            weights=lambda: NOWHERE,
            catalog=shop,
            furniture=furniture,
            read_room=lambda photo: read_room(photo, None, free_width_cm=100),
        )

    app.command("recommend")(cli.recommend_command)
    app.add_typer(cli.catalog_app, name="catalog")
    return app


def test_json_is_alone_on_stdout(app: typer.Typer, shop: Path) -> None:
    run = CliRunner().invoke(app, ["recommend", "--text", "red dress", "--max-price", "40", "-k", "3", "--json"])
    assert run.exit_code == 0, run.output
    found = json.loads(run.stdout)
    (hit,) = found["hits"]
    assert (hit["id"], hit["price"], hit["currency"]) == ("dress-red", 39.0, "EUR")
    assert Path(hit["image"]) == shop / "dress-red.png"
    assert {"key": "price:max", "label": "up to €40", "strict": True} in found["understood"]
    assert found["matching"] == 1 and set(found["seconds"]) == {"encode", "search", "rank"}


def test_lines_for_people(app: typer.Typer, shop: Path) -> None:
    photo = str(shop / "skirt-green.png")
    run = CliRunner().invoke(app, ["recommend", "--photo", photo, "--like", photo, "--text", "size 42 tee", "-k", "2"])
    assert run.exit_code == 0, run.output
    lines = run.stdout.splitlines()
    assert lines[0].startswith("understood: upper, preferably t-shirt  (4 items match)")
    assert any("size 42" in line for line in lines)
    assert sum("€" in line for line in lines) == 2


def test_a_room_searches_furniture(app: typer.Typer, shop: Path, furniture: Path) -> None:
    room = str(shop / "skirt-green.png")
    arguments = ["--room", room, "--text", "coffee table", "--max-price", "200", "-k", "5", "--json"]
    run = CliRunner().invoke(app, ["recommend", *arguments])
    assert run.exit_code == 0, run.output
    found = json.loads(run.stdout)
    assert [hit["id"] for hit in found["hits"]] == ["table-oak", "table-wide"]
    first = found["hits"][0]
    assert (first["currency"], first["size_cm"]) == ("USD", [90, 50, 45])
    assert Path(first["image"]) == furniture / "table-oak.png"
    assert "90 cm fits the free 100 cm" in first["reason"] and "room" in first["scores"]
    assert found["room"]["free_width_cm"] == 100 and "green" in found["room"]["rest_colours"]


def test_the_catalog_is_chosen_by_name_or_folder(app: typer.Typer, furniture: Path) -> None:
    for chosen in ("furniture", str(furniture)):
        run = CliRunner().invoke(app, ["recommend", "--catalog", chosen, "--text", "sofa", "--json"])
        found = json.loads(run.stdout)
        assert {hit["id"] for hit in found["hits"]} == {"sofa-navy", "sofa-green"} and "room" not in found
    run = CliRunner().invoke(app, ["recommend", "--catalog", "garments", "--text", "sofa", "--json"])
    assert len(json.loads(run.stdout)["hits"]) == 8


def test_what_to_relax_is_printed(app: typer.Typer) -> None:
    arguments = ["recommend", "--catalog", "furniture", "--text", "coffee table under $40"]
    run = CliRunner().invoke(app, arguments)
    assert "note: Nothing under $40; 3 coffee tables from $89;" in run.stdout
    found = json.loads(CliRunner().invoke(app, [*arguments, "--json"]).stdout)
    assert found["hits"] == [] and found["relaxations"][0]["nearest"] == 89


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--photo", "skirt-green.png", "--room", "skirt-green.png"], "both --photo and --room"),
        (["--text", "black coffee table"], "Add --catalog furniture"),
        (["--room", "skirt-green.png", "--text", "a red dress"], "Leave --room out"),
        (["--room", "skirt-green.png", "--catalog", "garments"], "furniture with that photo"),
        (["--photo", "skirt-green.png", "--catalog", "furniture"], "garments with that photo"),
        (["--room", "skirt-green.png", "--catalog", "."], "room: got one, to search a catalog of garments"),
        (["--room", "none.jpg"], "--room"),
    ],
)
def test_options_that_do_not_go_together_are_refused(
    app: typer.Typer, shop: Path, arguments: list[str], message: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(shop)
    run = CliRunner().invoke(app, ["recommend", *arguments])
    assert isinstance(run.exception, BadInput) and run.stdout == ""
    assert message in str(run.exception)


@pytest.mark.parametrize(
    ("arguments", "package", "extra"),
    [
        (["catalog", "index", ".", "--ray", "local"], "ray", "ray"),
        (["recommend", "--encoder", "ViT-B-32/openai", "tee"], "open_clip", "open-clip"),
    ],
)
def test_a_package_that_is_not_installed_is_named(
    app: typer.Typer, shop: Path, arguments: list[str], package: str, extra: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(shop)
    monkeypatch.setitem(sys.modules, package, None)
    for user in ("recommend.ray_ingest", "recommend.open_clip_embedder"):
        monkeypatch.delitem(sys.modules, user, raising=False)
    run = CliRunner().invoke(app, arguments)
    assert isinstance(run.exception, MissingPackage)
    assert f"package {package} is not installed. Get it with: pip install -e '.[{extra}]'" in str(run.exception)


def test_workers_without_ray_are_refused(app: typer.Typer, shop: Path) -> None:
    run = CliRunner().invoke(app, ["catalog", "index", str(shop), "--workers", "2"])
    assert isinstance(run.exception, BadInput) and "Add --ray local" in str(run.exception)


def test_without_furniture_the_room_is_refused(shop: Path) -> None:
    app = typer.Typer(pretty_exceptions_enable=False)

    @app.callback()
    def join(ctx: typer.Context) -> None:
        ctx.meta[cli.TOOLS] = cli.Tools(weights=lambda: NOWHERE, catalog=shop)

    app.command("recommend")(cli.recommend_command)
    run = CliRunner().invoke(app, ["recommend", "--room", str(shop / "tee-red.png")])
    assert isinstance(run.exception, BadInput) and "no furniture here" in str(run.exception)


def test_no_option_gives_a_selection(app: typer.Typer) -> None:
    run = CliRunner().invoke(app, ["recommend", "--json"])
    assert len(json.loads(run.stdout)["hits"]) == 8


@pytest.mark.parametrize(
    "arguments",
    [
        ["--photo", "none.jpg"],
        ["--like", "catalog.jsonl"],
        ["--max-price", "-5"],
        ["-k", "0"],
        ["--catalog", "nowhere"],
    ],
)
def test_bad_input_is_raised_for_the_entry_point(
    app: typer.Typer, shop: Path, arguments: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(shop)
    run = CliRunner().invoke(app, ["recommend", *arguments])
    assert isinstance(run.exception, BadInput) and run.stdout == ""


def test_a_price_that_is_no_number_is_refused_by_the_parser(app: typer.Typer) -> None:
    assert CliRunner().invoke(app, ["recommend", "--max-price", "cheap"]).exit_code == 2


def test_check_reports_bad_lines_by_number(app: typer.Typer, tmp_path: Path, make_catalog: Callable[..., Path]) -> None:
    good = make_catalog(tmp_path / "good")
    run = CliRunner().invoke(app, ["catalog", "check", str(good)])
    assert (run.exit_code, run.stdout) == (0, "8 items, 0 bad lines\n")
    bad = make_catalog(tmp_path / "bad", extra_lines=["{}"])
    (bad / "tee-red.png").write_bytes(b"no picture")
    run = CliRunner().invoke(app, ["catalog", "check", str(bad)])
    assert run.exit_code == 1
    lines = run.stdout.splitlines()
    assert lines[0].startswith("line 1 (tee-red): image tee-red.png: got tee-red.png, which cannot be read")
    assert lines[1].startswith("line 9: id is missing") and lines[2] == "7 items, 2 bad lines"


def test_check_says_what_no_search_reads(app: typer.Typer, tmp_path: Path, make_catalog: Callable[..., Path]) -> None:
    line = json.dumps({**LINE, "image": "tee-red.png", "color": "red", "ean": 7})
    folder = make_catalog(tmp_path / "shop", extra_lines=[line, line.replace("coral", "teal").replace("ean", "sku")])
    run = CliRunner().invoke(app, ["catalog", "check", str(folder)])
    assert run.exit_code == 0 and "color (2), ean (1), sku (1)" in run.stderr


def test_a_catalog_without_items_is_no_good_one(app: typer.Typer, tmp_path: Path) -> None:
    folder = tmp_path / "my shop"
    folder.mkdir()
    (folder / "catalog.jsonl").write_text("")
    assert CliRunner().invoke(app, ["catalog", "check", str(folder)]).exit_code == 1
    (folder / "catalog.jsonl").write_text('{"id": "x"}')
    run = CliRunner().invoke(app, ["catalog", "index", str(folder)])
    assert isinstance(run.exception, BadInput)
    assert "line 1 (x): title is missing" in str(run.exception) and f"check '{folder}'" in str(run.exception)


def test_index_is_made_once_and_anew_when_asked(
    app: typer.Typer, tmp_path: Path, make_catalog: Callable[..., Path], embedder: Embedder
) -> None:
    folder, uri = make_catalog(tmp_path / "shop", extra_lines=["{}"]), str(tmp_path / "db")
    before = embedder.encoded  # type: ignore[attr-defined]
    for arguments, encoded in (([], 8), ([], 8), (["--anew"], 16)):
        run = CliRunner().invoke(app, ["catalog", "index", str(folder), "--uri", uri, *arguments])
        assert run.exit_code == 0 and run.stdout.startswith("8 items indexed"), run.output
        assert "line 9" in run.stderr
        assert embedder.encoded - before == encoded  # type: ignore[attr-defined]
    assert len(Retriever.open(folder, embedder, uri=uri).catalog.items) == 8


def test_like_an_item_but_in_another_colour(app: typer.Typer) -> None:
    arguments = ["recommend", "--like-item", "dress-red", "but in navy", "--dislike-item", "tee-navy", "--json"]
    run = CliRunner().invoke(app, arguments)
    assert run.exit_code == 0, run.output
    found = json.loads(run.stdout)
    assert found["hits"][0]["id"] == "dress-navy" and "tee-navy" not in {hit["id"] for hit in found["hits"]}
    shown = {chip["key"]: chip["label"] for chip in found["understood"]}
    assert shown["like:dress-red"] == "like “Red linen dress”" and shown["instead:colours"] == "no longer red"
    assert shown["unlike:tee-navy"] == "unlike “Navy striped tee”"


class TestGoesWith:
    """What goes with an item, and whole outfits."""

    def test_complements_as_json_and_for_people(self, app: typer.Typer, shop: Path) -> None:
        arguments = ["recommend", "--goes-with", "tee-navy", "under 50"]
        found = json.loads(CliRunner().invoke(app, [*arguments, "--json"]).stdout)
        assert [hit["id"] for hit in found["hits"]] == ["skirt-green"]
        assert found["hits"][0]["reason"].startswith("skirt to your t-shirt") and "pair" in found["hits"][0]["scores"]
        run = CliRunner().invoke(app, arguments)
        assert (
            run.stdout.startswith("understood: under €50")
            and "note: This catalog has no layers and no shoes" in run.stdout
        )

    def test_outfits_as_json_and_for_people(self, app: typer.Typer) -> None:
        arguments = ["recommend", "--outfit", "--goes-with", "tee-navy", "-k", "1"]
        found = json.loads(CliRunner().invoke(app, [*arguments, "--json"]).stdout)["ensembles"]
        assert [[hit["id"] for hit in one["hits"]] for one in found] == [["tee-navy", "jeans-navy"]]
        assert (found[0]["price"], found[0]["currency"]) == (83.0, "EUR")
        lines = CliRunner().invoke(app, arguments).stdout.splitlines()
        assert len(lines) == 3 and lines[0].startswith("1. ") and "€83 in all" in lines[0] and "jeans-navy" in lines[2]

    @pytest.mark.parametrize("catalog", [[], ["--catalog", "furniture"]])
    def test_a_room_set(self, app: typer.Typer, catalog: list[str]) -> None:
        arguments = ["recommend", "--outfit", "a living room", *catalog, "--json"]
        found = json.loads(CliRunner().invoke(app, arguments).stdout)["ensembles"]
        assert {hit["category"] for hit in found[0]["hits"]} == {"sofa", "coffee table", "rug"}

    def test_no_set_is_said(self, app: typer.Typer) -> None:
        run = CliRunner().invoke(app, ["recommend", "--outfit", "under 5 euros", "--json"])
        assert json.loads(run.stdout) == {"ensembles": []} and "Nothing whole" in run.stderr

    @pytest.mark.parametrize(
        ("arguments", "message"),
        [
            (["--goes-with", "gone"], "id of the catalog"),
            (["--outfit", "-k", "21"], "1 to 20"),
            (["--goes-with", "tee-navy", "-k", "0"], "1 to 200"),
            (["--outfit", "--history", "h.csv", "--user", "ann"], "--history with --outfit"),
            (["--outfit", "a sofa and a lamp"], "Add --catalog furniture"),
        ],
    )
    def test_bad_input(self, app: typer.Typer, arguments: list[str], message: str) -> None:
        run = CliRunner().invoke(app, ["recommend", *arguments])
        assert isinstance(run.exception, BadInput) and run.stdout == ""
        assert message in str(run.exception)


def test_words_are_given_once(app: typer.Typer) -> None:
    run = CliRunner().invoke(app, ["recommend", "red", "--text", "blue"])
    assert isinstance(run.exception, BadInput) and "--text" in str(run.exception)


LINE = {"id": "dress-coral", "title": "Coral gown", "category": "dress", "price": 70, "image": "new.png"}


class TestAddAndRemove:
    """Single items into a catalog and out of it."""

    @pytest.fixture
    def folder(self, tmp_path: Path, make_catalog: Callable[..., Path]) -> Path:
        """A catalog of one's own with a picture that no line names yet."""
        folder = make_catalog(tmp_path / "own")
        shutil.copy(folder / "dress-red.png", folder / "new.png")
        return folder

    def search(self, app: typer.Typer, folder: Path, text: str) -> list[str]:
        run = CliRunner().invoke(app, ["recommend", "--catalog", str(folder), "--text", text, "--json"])
        return [hit["id"] for hit in json.loads(run.stdout)["hits"]]

    def test_an_added_item_is_found_and_alone_is_encoded(
        self, app: typer.Typer, folder: Path, embedder: Embedder
    ) -> None:
        assert "dress-coral" not in self.search(app, folder, "gown")
        before = embedder.encoded  # type: ignore[attr-defined]
        run = CliRunner().invoke(app, ["catalog", "add", str(folder), "-"], input=json.dumps(LINE))
        assert run.exit_code == 0 and run.stdout.startswith("9 items in the index"), run.output
        assert embedder.encoded == before + 1  # type: ignore[attr-defined]
        assert "dress-coral" in self.search(app, folder, "gown")
        assert embedder.encoded == before + 1  # type: ignore[attr-defined]

    def test_an_item_of_the_same_id_is_replaced(self, app: typer.Typer, folder: Path) -> None:
        for price in (70, 15):
            line = json.dumps({**LINE, "price": price})
            run = CliRunner().invoke(app, ["catalog", "add", str(folder), "-"], input=line)
            assert run.stdout.startswith("9 items"), run.output
        assert self.search(app, folder, "dress under 20") == ["dress-coral"]

    def test_a_removed_item_is_found_no_more(self, app: typer.Typer, folder: Path) -> None:
        assert "dress-red" in self.search(app, folder, "dress")
        run = CliRunner().invoke(app, ["catalog", "remove", str(folder), "dress-red", "tee-red"])
        assert run.stdout.startswith("6 items"), run.output
        assert "dress-red" not in self.search(app, folder, "dress")
        assert "dress-red" not in (folder / "catalog.jsonl").read_text()

    @pytest.mark.parametrize(
        ("line", "message"),
        [
            ('{"id": "x"}', "line 1 (x): title is missing"),
            ("no json", "line 1: not JSON"),
            (" ", "no line"),
            (json.dumps({**LINE, "image": "none.png"}), "none.png does not exist"),
            (json.dumps({**LINE, "image": "text.png"}), "text.png"),
            (json.dumps(LINE) + "\n" + json.dumps(LINE), "was used by line 1"),
        ],
    )
    def test_a_bad_line_adds_nothing(self, app: typer.Typer, folder: Path, line: str, message: str) -> None:
        (folder / "text.png").write_text("no picture")
        before = (folder / "catalog.jsonl").read_bytes()
        run = CliRunner().invoke(app, ["catalog", "add", str(folder), "-"], input=line)
        assert isinstance(run.exception, BadInput) and message in str(run.exception)
        assert (folder / "catalog.jsonl").read_bytes() == before

    @pytest.mark.parametrize(("ids", "message"), [(["gone"], "gone"), (["*"], "all of them")])
    def test_what_cannot_be_removed_is_refused(
        self, app: typer.Typer, folder: Path, ids: list[str], message: str
    ) -> None:
        lines = (folder / "catalog.jsonl").read_text().splitlines()
        ids = [json.loads(line)["id"] for line in lines] if ids == ["*"] else ids
        run = CliRunner().invoke(app, ["catalog", "remove", str(folder), *ids])
        assert isinstance(run.exception, BadInput) and message in str(run.exception)
        assert (folder / "catalog.jsonl").read_text().splitlines() == lines


def test_a_history_moves_what_is_found_and_shows_no_user(app: typer.Typer, tmp_path: Path) -> None:
    path = tmp_path / "history.csv"
    path.write_text("user,item,time\n" + "ann,tee-navy,1\nann,gone,2\nbob,tee-navy,1\nbob,skirt-green,2\n")
    command = ["recommend", "--text", "something casual", "--json"]
    runs = [
        CliRunner().invoke(app, [*command, *more])
        for more in ([], ["--history", str(path), "--user", "ann"], ["--history", str(path), "--user", "zoe"])
    ]
    assert all(run.exit_code == 0 for run in runs)
    plain, known, unknown = (json.loads(run.stdout)["hits"] for run in runs)
    assert unknown == plain
    tastes = {hit["id"]: hit["scores"]["taste"] for hit in known}
    assert max(tastes, key=lambda name: tastes[name]) == "skirt-green" and "feedback" in known[0]["scores"]
    assert "3 interactions with items of this catalog" in runs[1].stderr and "left out: 1" in runs[1].stderr
    assert "those for anybody" in runs[2].stderr
    assert not any(name in run.stderr for run in runs for name in ("ann", "bob", "zoe"))


def test_history_and_user_go_together(app: typer.Typer, tmp_path: Path) -> None:
    run = CliRunner().invoke(app, ["recommend", "--user", "ann"])
    assert isinstance(run.exception, BadInput) and "--user without --history" in str(run.exception)
