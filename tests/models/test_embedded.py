"""Folders that ``embedded:FOLDER`` cannot load: refused with the file and what to do, whatever is broken in them."""

from __future__ import annotations

import hashlib
import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from labeldist.core.errors import InputError, IntegrityError, LabeldistError, UsageError
from labeldist.models.embedded.model import PACKAGED
from labeldist.models.open import open_model


def write(
    folder: Path,
    *,
    network: bytes | None = None,
    tokenizer: bytes | None = None,
    weights: bytes | None = None,
    **changes: Any,
) -> Path:
    """The packaged model with other content, checksums that agree with it, and ``changes`` to its settings."""
    for name, content in (("model.onnx", network), ("tokenizer.json", tokenizer), ("weights.safetensors", weights)):
        if content is None:
            (folder / name).symlink_to(PACKAGED / name)
        else:
            (folder / name).write_bytes(content)
    settings = json.loads((PACKAGED / "model.json").read_text(encoding="utf-8"))
    for name in settings["sha256"]:
        settings["sha256"][name] = hashlib.sha256((folder / name).read_bytes()).hexdigest()
    (folder / "model.json").write_text(json.dumps({**settings, **changes}), encoding="utf-8")
    return folder


def refused(folder: Path, kind: type[LabeldistError], file: str) -> LabeldistError:
    with pytest.raises(kind) as error:
        open_model(f"embedded:{folder}")
    assert file in error.value.message
    assert error.value.hint
    return error.value


@pytest.mark.parametrize("content", [b"{}", b"[]", b"null", b"", b'{"answer_style": ', b"\xff\xfe"])
def test_broken_settings_are_refused(content: bytes, tmp_path: Path) -> None:
    write(tmp_path)
    (tmp_path / "model.json").write_bytes(content)
    refused(tmp_path, InputError, "model.json")


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"context_length": "512"}, "context_length"),
        ({"distinct_run": None}, "distinct_run"),
        ({"special_ids": {"begin": 1, "end": 2}}, "special_ids.pad"),
        ({"sha256": []}, "sha256"),
    ],
)
def test_a_setting_that_is_missing_or_of_another_type_is_named(
    changes: dict[str, Any], field: str, tmp_path: Path
) -> None:
    assert f"field '{field}'" in refused(write(tmp_path, **changes), InputError, "model.json").message


@pytest.mark.parametrize("content", [b"", b"no network"])
def test_a_network_that_is_none_is_refused(content: bytes, tmp_path: Path) -> None:
    refused(write(tmp_path, network=content), InputError, "model.onnx")


@pytest.mark.parametrize("content", [b"", b"no weights"])
def test_weights_that_are_none_are_refused(content: bytes, tmp_path: Path) -> None:
    refused(write(tmp_path, weights=content), InputError, "model.onnx")


@pytest.mark.parametrize("content", [b"", b"{}", b"no tokenizer"])
def test_a_tokenizer_that_is_none_is_refused(content: bytes, tmp_path: Path) -> None:
    refused(write(tmp_path, tokenizer=content), InputError, "tokenizer.json")


def test_other_content_than_the_settings_name_is_refused(tmp_path: Path) -> None:
    write(tmp_path, tokenizer=b"{}")
    (tmp_path / "tokenizer.json").write_bytes(b"{ }")
    refused(tmp_path, IntegrityError, "tokenizer.json")


def test_a_folder_without_the_files_is_refused_and_one_with_them_is_not(tmp_path: Path) -> None:
    message = refused(tmp_path / "none", UsageError, "none").message
    assert all(name in message for name in ("model.json", "model.onnx", "tokenizer.json"))
    shutil.copy(PACKAGED / "model.json", tmp_path)
    assert "model.json" not in refused(tmp_path, UsageError, "model.onnx").message
    (tmp_path / "whole").mkdir()
    assert open_model(f"embedded:{write(tmp_path / 'whole')}").encode("A")
