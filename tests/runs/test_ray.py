"""Two machines of a Ray cluster, as far as Ray can tell, against this process: nothing differs, whoever is killed."""

from __future__ import annotations

import importlib.util
import json
import os
import pickle
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from labeldist.calls.distributed.worker import Worker, portrait_of
from labeldist.calls.engine import engine
from labeldist.core.errors import (
    InputError,
    LabeldistError,
    MissingExtraError,
    ModelError,
    Place,
    UnavailableError,
    UsageError,
)
from labeldist.models.base import Question
from labeldist.models.open import ModelOptions, open_model

needs_ray = pytest.mark.skipif(importlib.util.find_spec("ray") is None, reason="the extra 'ray' is not installed")

# Every Python process of the tests, Ray's workers too, knows two more models. They take their time, and note which
# process on which machine with which GPU is asked what; while a file says hold, none gives scores.
MODELS = """
import os, signal, sys, time
from labeldist.core.errors import ModelError
from labeldist.models import open as models

def slow(kind):
    from labeldist.models.scripted import Scripted
    class Slow(Scripted):
        def note(self, method, sequences):
            texts = [bytes(token for token in sequence if token < 256).decode() for sequence in sequences]
            place = "local"
            if "ray" in sys.modules:
                import ray
                place = ray.get_runtime_context().get_node_id()
            gpu = os.environ.get("CUDA_VISIBLE_DEVICES", "")
            with open(os.environ["ASKED"], "a") as log:
                log.writelines(f"{os.getpid()} {place} {gpu or '-'} {method} {hash(text)}\\n" for text in texts)
            time.sleep(0.15)
            while method == "judge" and os.path.exists(os.environ["ASKED"] + ".hold"):
                time.sleep(0.02)
            if any("POISON" in text for text in texts):
                os.kill(os.getpid(), signal.SIGKILL)
            if any("TOO MUCH" in text for text in texts):
                raise ModelError("too much", hint="ask for less")
        def next_token_scores(self, sequences, tokens):
            self.note("judge", sequences)
            return super().next_token_scores(sequences, tokens)
        def generate(self, sequences, **settings):
            self.note("explain", sequences)
            return super().generate(sequences, **settings)
    return models.Backend(kind, "", lambda argument, options: Slow(name=kind), runs_on=kind.removeprefix("slow-"))

for kind in ("slow-cpu", "slow-gpu"):
    models.BACKENDS.add(kind)(slow(kind))
"""
# A head and a second node, which says that it has a GPU, until standard input ends.
CLUSTER = """
import sys
from ray.cluster_utils import Cluster
cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 1, "object_store_memory": 80_000_000})
cluster.add_node(num_cpus=1, num_gpus=1, object_store_memory=80_000_000)
cluster.wait_for_nodes()
print(cluster.address, flush=True)
sys.stdin.read()
cluster.shutdown()
"""
# Nothing leaves the machine, nor waits for what is outside.
NOWHERE = "http://127.0.0.1:9"
ALONE = {
    "RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "0",
    "RAY_AUTH_MODE": "disabled",
    "RAY_USAGE_STATS_ENABLED": "0",
    "RAY_USAGE_STATS_REPORT_URL": NOWHERE,
    "http_proxy": NOWHERE,
    "HTTP_PROXY": NOWHERE,
}
ITEMS = 48  # more than one call of a stage takes, so that both workers have something to do
SECONDS = 60.0
Start = Callable[..., "subprocess.Popen[str]"]


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    """A folder with a short name, since Ray puts sockets into it."""
    made = Path(tempfile.mkdtemp(prefix="ld-ray-"))
    yield made
    shutil.rmtree(made, ignore_errors=True)


@pytest.fixture(scope="module")
def environment(folder: Path) -> dict[str, str]:
    (folder / "site").mkdir()
    (folder / "site/sitecustomize.py").write_text(MODELS)
    return {
        **{name: value for name, value in os.environ.items() if not name.startswith("RAY_")},
        **ALONE,
        "PYTHONPATH": str(folder / "site"),
        "PYTHONHASHSEED": "0",
        "RAY_TMPDIR": str(folder),
        "ASKED": str(folder / "asked"),
    }


@pytest.fixture(scope="module")
def cluster(environment: dict[str, str]) -> Iterator[str]:
    """The address of a cluster of two nodes with a CPU each, so that each has room for one worker."""
    process = subprocess.Popen(
        [sys.executable, "-c", CLUSTER],
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    with process:
        address = process.stdout.readline().strip()
        assert address, "the cluster did not start"
        yield f"ray://{address}"
        process.stdin.close()


@pytest.fixture
def asked(environment: dict[str, str]) -> Path:
    """What models note of each question: process, machine, GPU, kind and text."""
    file = Path(environment["ASKED"])
    file.write_text("")
    return file


@pytest.fixture
def hold(asked: Path) -> Iterator[Path]:
    """A file that keeps every model from giving scores until it is gone, so that a test does not race with a run."""
    file = asked.with_name(asked.name + ".hold")
    file.touch()
    yield file
    file.unlink(missing_ok=True)


@pytest.fixture(scope="module")
def start(environment: dict[str, str]) -> Iterator[Start]:
    """Starts ``labeldist`` with arguments; what a failed test has left running ends with the module."""
    started: list[subprocess.Popen[str]] = []

    def begin(*arguments: object, **more: str) -> subprocess.Popen[str]:
        command = [sys.executable, "-m", "labeldist", *map(str, arguments)]
        pipes: dict[str, Any] = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
        started.append(subprocess.Popen(command, env={**environment, **more}, text=True, **pipes))
        return started[-1]

    yield begin
    for process in started:
        if process.poll() is None:
            process.kill()
            process.communicate()


@pytest.fixture(scope="module")
def items(folder: Path) -> Path:
    return write_items(folder, *(f"Premise {number} says something." for number in range(ITEMS)))


def write_items(folder: Path, *premises: str) -> Path:
    rows = [
        {"id": f"i{number}", "premise": premise, "hypothesis": "It follows.", "labels": list("eennc"[number % 3 :])}
        for number, premise in enumerate(premises)
    ]
    file = folder / "items.jsonl"
    file.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return file


def arguments(items: Path, out: Path, engine: str, model: str = "slow-cpu") -> list[object]:
    return ["run", items, "--model", model, "--engine", engine, "--out", out, "--json", "--orders", "balanced:12"]


def results(out: Path) -> dict[str, bytes]:
    return {file.name: file.read_bytes() for file in out.iterdir() if not file.name.startswith((".", "run.sqlite"))}


def calls(out: Path) -> list[tuple[Any, ...]]:
    """All that is in the store of finished calls."""
    database = sqlite3.connect(out / "run.sqlite")
    try:
        return database.execute(
            "SELECT key, kind, model, prompt_tokens, new_tokens, answer FROM calls ORDER BY key"
        ).fetchall()
    except sqlite3.OperationalError:  # not made yet
        return []
    finally:
        database.close()


def wait_for(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + SECONDS
    while not condition():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.02)


def notes(asked: Path) -> list[list[str]]:
    whole, _, _ = asked.read_text().rpartition("\n")  # the last line may be half written
    return [line.split(" ") for line in whole.splitlines()]


def judges(asked: Path) -> set[str]:
    """The processes that were asked for scores."""
    return {line[0] for line in notes(asked) if line[3] == "judge"}


@pytest.fixture(scope="module")
def local(items: Path, folder: Path, start: Start) -> Path:
    """The folder of the run of one process."""
    process = start(*arguments(items, folder / "local", "local"))
    assert process.communicate(timeout=SECONDS)[0]
    assert process.returncode == 0
    return folder / "local"


@needs_ray
def test_a_killed_worker_changes_nothing(
    cluster: str, items: Path, tmp_path: Path, start: Start, local: Path, asked: Path, hold: Path
) -> None:
    out = tmp_path / "ray"
    process = start(*arguments(items, out, cluster))
    wait_for(lambda: len(judges(asked)) == 2)  # both are held within a batch, however late the second one has begun
    os.kill(int(notes(asked)[-1][0]), signal.SIGKILL)
    wait_for(lambda: len(judges(asked)) == 3)
    hold.unlink()
    told, said = process.communicate(timeout=SECONDS)
    assert process.returncode == 0, said
    assert results(out) == results(local)
    assert calls(out) == calls(local)
    assert json.loads(told)["calls_made"] == len(calls(local))
    assert "a worker was lost" in said
    made = notes(asked)
    assert len({line[1] for line in made}) == 2, "one machine has had all the work"
    assert len({line[0] for line in made}) == 3
    again = len(made) - len({tuple(line[3:]) for line in made})
    assert 0 < again <= 256, "more than the killed worker's batch was asked again"


@needs_ray
@pytest.mark.parametrize(
    ("first", "end", "second"),
    [
        ("ray", signal.SIGKILL, "local"),
        pytest.param("local", signal.SIGKILL, "ray", marks=pytest.mark.slow),
        pytest.param("ray", signal.SIGINT, "ray", marks=pytest.mark.slow),
    ],
)
def test_a_run_goes_on_with_either_engine(
    first: str,
    end: signal.Signals,
    second: str,
    cluster: str,
    items: Path,
    tmp_path: Path,
    start: Start,
    local: Path,
    asked: Path,
    hold: Path,
) -> None:
    engines, out = {"ray": cluster, "local": "local"}, tmp_path / "out"
    process = start(*arguments(items, out, engines[first]))
    wait_for(lambda: (out / "run.sqlite").exists() and len(calls(out)) > 0)
    process.send_signal(end)
    hold.unlink()
    said = process.communicate(timeout=SECONDS)[1]
    assert process.returncode == (-end if end == signal.SIGKILL else 130), said
    assert "Traceback" not in said
    kept = calls(out)
    assert 0 < len(kept) < len(calls(local)), "it ended too late to test anything"
    asked.write_text("")
    process = start(*arguments(items, out, engines[second]))
    told = process.communicate(timeout=SECONDS)[0]
    assert json.loads(told)["calls_made"] == len(notes(asked)) == len(calls(local)) - len(kept)
    assert results(out) == results(local)
    assert calls(out) == calls(local)


@needs_ray
@pytest.mark.slow
def test_a_batch_that_takes_workers_down_costs_only_its_own_item(
    cluster: str, tmp_path: Path, start: Start, asked: Path
) -> None:
    items = write_items(tmp_path, "Good.", "POISON.", "Good, too.", "TOO MUCH.")
    out = tmp_path / "mjd.jsonl"
    process = start("judge", items, "--explanations", "none", "--model", "slow-cpu", "--engine", cluster, "--out", out)
    said = process.communicate(timeout=2 * SECONDS)[1]
    assert process.returncode == 1, said
    assert [json.loads(line)["id"] for line in out.read_text().splitlines()] == ["i0", "i2"]
    failures = [json.loads(line) for line in (tmp_path / "failures.mjd.jsonl").read_text().splitlines()]
    assert [failure["id"] for failure in failures] == ["i1", "i3"]
    assert "3 workers were lost" in failures[0]["reason"]
    assert failures[1]["reason"] == "too much; ask for less"


@needs_ray
@pytest.mark.parametrize("model", ["scripted:broken.json", "embedded:nowhere"])
def test_a_model_that_does_not_open_says_what_it_says_here(
    model: str, cluster: str, items: Path, tmp_path: Path, start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("broken.json").write_text('[{"contains": 3}]')
    ended = [start(*arguments(items, tmp_path / "out", name, model)) for name in ("local", cluster)]
    (here, there) = [(process.communicate(timeout=SECONDS), process.returncode) for process in ended]
    assert here == there
    assert here[1] == 2
    assert "labeldist: error: " in here[0][1]
    assert not (tmp_path / "out").exists()


@needs_ray
def test_a_model_for_gpus_has_a_worker_for_each(cluster: str, tmp_path: Path, start: Start, asked: Path) -> None:
    items = write_items(tmp_path, "One.", "Two.")
    process = start(*arguments(items, tmp_path / "out", cluster, "slow-gpu"))
    said = process.communicate(timeout=SECONDS)[1]
    assert process.returncode == 0, said
    assert {(line[0], line[2]) for line in notes(asked)} == {(notes(asked)[0][0], "0")}


@needs_ray
def test_a_cluster_of_this_machine_alone_leaves_nothing_behind(
    folder: Path, tmp_path: Path, start: Start, asked: Path
) -> None:
    items = write_items(tmp_path, "One.", "Two.")
    home, secret = tmp_path / "home", "sk-never-to-be-seen"
    home.mkdir()
    keys = {"OPENAI_API_KEY": secret, "LABELDIST_API_KEY": secret}
    sessions = {session for session in folder.glob("ray/session_*") if not session.is_symlink()}
    process = start(*arguments(items, tmp_path / "out", "ray"), RAY_TMPDIR=str(folder), HOME=str(home), **keys)
    told, said = process.communicate(timeout=SECONDS)
    assert process.returncode == 0, said
    assert json.loads(told)["failures"] == []
    assert [line for line in said.splitlines() if " of 2" not in line] == []
    assert list(home.iterdir()) == []
    (session,) = {session for session in folder.glob("ray/session_*") if not session.is_symlink()} - sessions
    files = [file for file in session.rglob("*") if file.is_file()]
    assert len(files) > 5
    assert [file for file in files if secret.encode() in file.read_bytes()] == []
    commands = [file.read_bytes() for file in Path("/proc").glob("[0-9]*/cmdline") if os.access(file, os.R_OK)]
    assert [command for command in commands if session.name.encode() in command] == []


@needs_ray
@pytest.mark.parametrize(
    ("model", "explanations"),
    [("embedded", "label-free"), pytest.param("transformers", "none", marks=pytest.mark.slow)],
)
def test_real_models_give_the_same_to_the_last_digit(
    model: str, explanations: str, cluster: str, tmp_path: Path, start: Start
) -> None:
    """That of transformers fails where a worker has another number of threads than this process."""
    if model == "transformers":
        pytest.importorskip("transformers", reason="the extra 'transformers' is not installed")
        from tests.servers.tiny_llama import write_llama

        model = f"transformers:{write_llama(tmp_path / 'llama', hidden=256, layers=2, heads=4)}"
    out = {name: tmp_path / name.partition(":")[0] for name in ("local", cluster)}
    for name, place in out.items():
        more = ("--limit", 10, "--max-new-tokens", 30, "--orders", "balanced:6", "--explanations", explanations)
        process = start(*arguments(Path("demo"), place, name, model), *more)
        said = process.communicate(timeout=4 * SECONDS)[1]
        assert process.returncode == 0, said
    assert results(out[cluster]) == results(out["local"])
    assert calls(out[cluster]) == calls(out["local"])


@pytest.mark.parametrize(
    ("name", "workers", "said"),
    [
        ("rey", None, "did you mean 'ray'"),
        ("local", 2, "--engine ray"),
        pytest.param("ray://nowhere", None, "no address", marks=needs_ray),
        pytest.param("ray://127.0.0.1:1", None, "no Ray cluster answers at 127.0.0.1:1", marks=needs_ray),
    ],
)
def test_an_engine_that_cannot_be_is_refused(name: str, workers: int | None, said: str) -> None:
    with pytest.raises(UsageError) as error, engine(name, workers) as open_there:
        open_there("scripted", ModelOptions())
    assert said in str(error.value)


def test_the_address_of_ray_client_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RAY_ADDRESS", "ray://head:10001")
    with pytest.raises(UsageError, match="Ray Client"), engine("ray"):
        pass


def test_a_worker_is_not_asked_for_another_model_than_the_first_one_opened(tmp_path: Path) -> None:
    worker = Worker({}, str(Path.cwd()))
    expected = portrait_of(open_model("scripted"))
    question = [Question("It rains.", (("A",), ("B",)))]
    reply = worker.ask("scripted", ModelOptions(), expected, "answer_scores", question, {})
    assert reply.error is None
    assert reply.answers == next(open_model("scripted").answer_scores(question))
    other = worker.ask("scripted", ModelOptions(), replace(expected, revision="0"), "answer_scores", question, {})
    assert other.answers == {}
    assert isinstance(other.error, UnavailableError)
    assert "not '0'" in other.error.message


@pytest.mark.parametrize(
    "error",
    [
        ModelError("it fails", hint="wait"),
        InputError("3", expected="a text", place=Place(Path("items.jsonl"), 2, "labels"), hint="see"),
        MissingExtraError("model 'server'", "server"),
    ],
)
def test_errors_come_from_other_processes_as_they_are(error: LabeldistError) -> None:
    copy = pickle.loads(pickle.dumps(error))  # noqa: S301
    assert type(copy) is type(error)
    assert str(copy) == str(error)
    assert vars(copy) == vars(error)
