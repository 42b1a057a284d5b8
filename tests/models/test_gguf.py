"""A model in a GGUF file: the same numbers as in safetensors, with the file's own tokens and chat template."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from labeldist.core.errors import MissingExtraError, UsageError
from labeldist.models.open import open_model

torch = pytest.importorskip("torch", reason="the extra 'transformers' is not installed")
pytest.importorskip("gguf", reason="the extra 'gguf' is not installed")

from tests.models.tiny_gguf import write_both  # noqa: E402


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    return write_both(tmp_path_factory.mktemp("gguf"))


def test_logits_are_those_of_the_same_weights_in_safetensors(both: tuple[Path, Path]) -> None:
    import transformers

    file, whole = both
    model: Any = open_model(f"transformers:{file}")
    plain: Any = transformers.AutoModelForCausalLM.from_pretrained(whole)
    sequences = [model.encode(text) for text in ("It rains.", "Why does it rain today?")]
    found = model.next_token_scores(sequences, [list(range(259))] * 2)
    for row, sequence in zip(found.logits, sequences, strict=True):
        with torch.no_grad():
            expected = plain(torch.tensor([sequence])).logits[0, -1].numpy()
        assert expected.std() > 0.3
        np.testing.assert_allclose(row, expected, atol=1e-4)


def test_chat_template_and_special_tokens_are_those_of_the_file(both: tuple[Path, Path], tmp_path: Path) -> None:
    model: Any = open_model(f"transformers:{both[0]}")
    ids = model.encode("Hi", "A")
    assert model._tokenizer.decode(ids) == "[user]Hi<|end|>[assistant]A"
    assert ids.count(1) == 1, "the end of a turn is one token"
    assert model._special["eos_token_id"] == 1
    bare: Any = open_model(f"transformers:{write_both(tmp_path, chat=None)[0]}")
    assert bare._tokenizer.decode(bare.encode("Hi", "A"), skip_special_tokens=True) == "HiA"


def test_a_folder_with_one_gguf_file_is_that_file(both: tuple[Path, Path], tmp_path: Path) -> None:
    shutil.copy(both[0], tmp_path)
    named, folder = (open_model(f"transformers:{path}") for path in (tmp_path / "tiny.gguf", tmp_path))
    assert named.revision == folder.revision
    (tmp_path / "config.json").write_text("{}")  # as repositories of GGUF files have it
    assert open_model(f"transformers:{tmp_path}").revision == named.revision
    shutil.copy(both[0], tmp_path / "other.gguf")
    with pytest.raises(UsageError, match=r"2 GGUF files: other.gguf, tiny.gguf") as error:
        open_model(f"transformers:{tmp_path}")
    assert "other.gguf" in error.value.hint


def test_other_weights_are_another_revision(both: tuple[Path, Path], tmp_path: Path) -> None:
    copy = tmp_path / "tiny.gguf"
    content = bytearray(both[0].read_bytes())
    content[-9] ^= 1
    copy.write_bytes(content)
    assert open_model(f"transformers:{copy}").revision != open_model(f"transformers:{both[0]}").revision


def test_what_is_no_gguf_file_is_refused(both: tuple[Path, Path], tmp_path: Path) -> None:
    for name, content in (
        ("page.gguf", b"<!doctype html><title>404</title>"),
        ("cut.gguf", both[0].read_bytes()[:5000]),
        ("short.gguf", both[0].read_bytes()[:-3000]),
    ):
        (tmp_path / name).write_bytes(content)
        with pytest.raises(UsageError, match=name):
            open_model(f"transformers:{tmp_path / name}")
    with pytest.raises(UsageError, match="no file"):
        open_model(f"transformers:{tmp_path / 'none.gguf'}")


def test_without_the_package_that_reads_it_the_command_is_named(
    both: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "gguf", None)
    with pytest.raises(MissingExtraError) as error:
        open_model(f"transformers:{both[0]}")
    assert "[gguf]" in error.value.hint
