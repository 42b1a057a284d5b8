"""Real commands with plugins that are installed for real: the example of the documentation, collisions, broken ones."""

from __future__ import annotations

import ast
import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.conftest import Command
from tests.docs.test_docs import ROOT, blocks
from tests.docs.test_docs import write as write_block
from tests.installing import distribution, install

import labeldist as package
from labeldist.cli.parts import registries

PAGE = ROOT / "docs" / "howto-plugins.md"
METRIC = (
    "from labeldist.evaluation.metric import item_metric\n"
    "@item_metric('{name}', title='Theirs')\n"
    "def theirs(reference, prediction):\n    return abs(reference - prediction).max(axis=1)\n"
)


@pytest.fixture(scope="module")
def example(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder into which pip has installed the package of docs/howto-plugins.md."""
    folder = tmp_path_factory.mktemp("example")
    for block in blocks(PAGE):
        if block.mark == "file":
            write_block(block, folder)
    install(folder / "labeldist-example", folder / "site")
    return folder / "site"


@pytest.fixture
def with_site(labeldist: Command) -> Callable[..., tuple[int, str, str]]:
    """Runs a command with a folder of distributions on the path."""

    def run(site: Path, *arguments: object) -> tuple[int, str, str]:
        path = os.pathsep.join(filter(None, [str(site), os.environ.get("PYTHONPATH")]))
        done = labeldist(*arguments, PYTHONPATH=path)
        assert "Traceback" not in done.stderr
        return done.returncode, done.stdout, done.stderr

    return run


Run = Callable[..., tuple[int, str, str]]


def test_a_metric_a_model_and_a_data_set_of_a_plugin_work(example: Path, with_site: Run, tmp_path: Path) -> None:
    judged = tmp_path / "judged.jsonl"
    status, _, said = with_site(
        example, "judge", "weather", "--model", "favourite:A", "--explanations", "none", "--out", judged
    )
    assert status == 0, said
    rows = [json.loads(line) for line in judged.read_text().splitlines()]
    assert [row["id"] for row in rows] == ["1", "2"]
    assert all(row["model"] == "favourite:A" for row in rows)
    # All orders put each option first equally often, so a model that likes "A" is undecided over all.
    assert all(share == pytest.approx(1 / 3) for row in rows for share in row["distribution"].values())
    command = ("evaluate", judged, "--reference", "weather", "--metrics", "kl,hellinger", "--json")
    status, out, said = with_site(example, *command)
    assert status == 0, said
    row = next(row for row in json.loads(out)["evaluation"]["rows"] if row["kind"] == "prediction")
    # By hand: references (.7, .3, 0) and (0, 0, 1) against a third each.
    roots = [(0.7**0.5 - 3**-0.5) ** 2 + (0.3**0.5 - 3**-0.5) ** 2 + 1 / 3, 2 / 3 + (1 - 3**-0.5) ** 2]
    assert row["metrics"]["hellinger"]["value"] == pytest.approx(sum((r / 2) ** 0.5 for r in roots) / 2)


def test_a_prefix_without_its_argument_is_the_plugins_own_error(example: Path, with_site: Run) -> None:
    status, _, said = with_site(example, "judge", "weather", "--model", "favourite", "--explanations", "none")
    assert status == 2
    assert "name one, as in favourite:A" in said


def test_lists_show_what_plugins_add(example: Path, with_site: Run) -> None:
    status, out, said = with_site(example, "plugins")
    assert (status, said) == (0, "")
    assert out.splitlines() == [
        "labeldist-example 0.1", "  data set weather", "  metric hellinger", "  model favourite",
    ]  # fmt: skip
    assert "an example: likes one letter  [plugin labeldist-example 0.1]" in with_site(example, "models")[1]
    assert (
        json.loads(with_site(example, "models", "show", "favourite", "--json")[1])["plugin"] == "labeldist-example 0.1"
    )
    shown = json.loads(with_site(example, "datasets", "show", "weather", "--json")[1])
    assert (shown["plugin"], shown["available"]) == ("labeldist-example 0.1", True)
    listed = {row["name"]: row["plugin"] for row in json.loads(with_site(example, "datasets", "--json")[1])["datasets"]}
    assert {name for name, plugin in listed.items() if plugin} == {"weather"}
    known = with_site(example, "evaluate", "--reference", "demo", "--metrics", "no")[2]
    assert "hellinger" in known


def test_without_plugins_the_list_says_so(with_site: Run, tmp_path: Path) -> None:
    _, out, _ = with_site(tmp_path, "plugins", "--json")
    found = json.loads(out)
    assert found["groups"]["labeldist.metrics"] == "metric"
    if not found["plugins"]:  # the environment of the tests may have some
        assert with_site(tmp_path, "plugins")[:2] == (0, "No plugins are installed.\n")


def test_a_broken_plugin_is_told_and_ends_only_what_asks_for_it(with_site: Run, tmp_path: Path) -> None:
    site = tmp_path / "site"
    points = (
        "[labeldist.metrics]\ntorn = torn_plugin\n[labeldist.models]\ntorn = torn_plugin\n[labeldist.metric]\nx = y\n"
    )
    distribution(site, "torn-plugin", points, {"torn_plugin.py": "import what_is_missing"})
    reason = "torn-plugin 1.0 cannot be used: ModuleNotFoundError: No module named 'what_is_missing' (entry point torn"
    status, out, said = with_site(site, "evaluate", "--reference", "demo", "--json", "--bootstrap", 0)
    assert status == 0
    assert [one["name"] for one in json.loads(out)["evaluation"]["metrics"]][:2] == ["kl", "jsd"]
    assert said.count(reason) == 1
    status, _, said = with_site(site, "evaluate", "--reference", "demo", "--metrics", "kl", "--bootstrap", 0)
    assert (status, "torn" in said) == (0, False)
    for command in (("evaluate", "--reference", "demo", "--metrics", "torn"), ("models", "show", "torn")):
        status, _, said = with_site(site, *command)
        assert status == 2
        assert reason in said
        assert len(said.splitlines()) == 2, "one line and its hint"
    status, out, said = with_site(site, "models")
    assert (status, "torn" in out, said.count(reason)) == (0, False, 1)
    status, out, said = with_site(site, "plugins")
    assert status == 1
    assert out.count("(cannot be used)") == 3
    assert "did you mean 'labeldist.metrics'?" in said


def test_names_of_labeldist_cannot_be_taken(with_site: Run, tmp_path: Path) -> None:
    site = tmp_path / "site"
    groups = {"metrics": "kl = taker", "models": "scripted = taker:x", "datasets": "anli-r1 = taker:x"}
    points = "".join(f"[labeldist.{group}]\n{point}\n" for group, point in groups.items())
    distribution(site, "taker", points, {"taker.py": METRIC.format(name="kl")})
    for command in (
        ("evaluate", "--reference", "demo", "--metrics", "tvd,kl"),
        ("judge", "demo", "--model", "scripted"),
        ("run", "anli-r1", "--out", tmp_path / "run"),
        ("models", "show", "scripted"),
    ):
        status, _, said = with_site(site, *command)
        assert status == 2
        assert f"labeldist {package.__version__} (built in) and taker 1.0 each have one" in said
        assert "pip uninstall taker" in said
    status, out, said = with_site(site, "models")
    assert status == 0
    assert "a mock that answers from a script" in out
    assert "taker 1.0" in said


def test_every_registry_has_a_group_of_its_own_and_is_documented() -> None:
    source = Path(package.__file__).parent
    calls = [
        node
        for file in source.rglob("*.py")
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "Registry"
    ]
    groups = [next(ast.literal_eval(word.value) for word in call.keywords if word.arg == "group") for call in calls]
    assert sorted(groups) == sorted(registries())
    page = PAGE.read_text(encoding="utf-8")
    assert [group for group in groups if f"| `{group}` |" not in page] == []
