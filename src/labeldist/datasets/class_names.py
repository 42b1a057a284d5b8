"""Names of the numbers in columns of Hugging Face data sets: in the metadata of Parquet, and on the card, README.md."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from labeldist.core.errors import InputError, Place, shown
from labeldist.datasets.written_tables import load_parquet

Names = Mapping[str, tuple[str, ...]]
METADATA = b"huggingface"
CARD = "README.md"
LONGEST_CARD = 1 << 20
FENCE = "---"
FEATURE = re.compile(r"( *)- name: +(.+)")
NAMED = re.compile(r" *(class_label|names): *")
ENTRY = re.compile(r""" *['"]?(\d+)['"]?: *(.*)""")
ESCAPE = re.compile(r"\\(?:x([0-9a-fA-F]{2})|U([0-9a-fA-F]{8}))")
UNPRINTABLE = re.compile("[\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]")


def class_names(file: Path) -> Names:
    """The names of classes in the columns of a file of Parquet, or in the folder of a data set; none where none are.

    The card is searched in the file's folder and in the two above it, as a data set's ``data/`` is laid out.
    """
    found = names_of_features(_features(file)) if file.is_file() and file.suffix.lower() == ".parquet" else {}
    folders = [file, *file.parents[:3]] if file.is_dir() else [*file.parents[:3]]
    card = next((folder / CARD for folder in folders if (folder / CARD).is_file()), None)
    if found or card is None:
        return found
    try:
        with card.open(encoding="utf-8") as opened:
            return names_on_card(opened.read(LONGEST_CARD), card)
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(str(error), expected="a text in UTF-8", place=Place(card)) from error


def _features(file: Path) -> Mapping[str, Any]:
    """What Hugging Face says of the columns in a file's metadata; nothing in files of others."""
    _, parquet = load_parquet("reading Parquet")
    try:
        found = json.loads((parquet.read_schema(file).metadata or {}).get(METADATA, b"{}"))
        features = found["info"]["features"]
    except Exception:  # of damaged files pyarrow raises many kinds; whoever reads their rows says so
        return {}
    return features if isinstance(features, Mapping) else {}


def names_of_features(features: Mapping[str, Any]) -> Names:
    """The names in features as the metadata have them; lists of classes count as well.

    >>> names_of_features({"human_labels": {"feature": {"names": ["no", "yes"], "_type": "ClassLabel"}}, "id": {}})
    {'human_labels': ('no', 'yes')}
    """
    found = {}
    for column, feature in features.items():
        while isinstance(feature, Mapping) and isinstance(feature.get("feature"), Mapping):
            feature = feature["feature"]
        if isinstance(feature, Mapping) and feature.get("_type") == "ClassLabel" and feature.get("names"):
            found[column] = tuple(map(str, feature["names"]))
    return found


def names_on_card(text: str, card: Path) -> Names:
    """The names on a card, ``dtype: class_label: names: '0': no`` under the features' names in its front matter.

    No more of YAML is read than what ``datasets`` writes there; of several configurations the first that names a
    column counts.

    >>> front = "features:\\n- name: a\\n  dtype:\\n    class_label:\\n      names:\\n        '0': x"
    >>> names_on_card(f"---\\n{front}\\n---", Path(CARD))
    {'a': ('x',)}
    """
    found: dict[str, tuple[str, ...]] = {}
    for column, lines in _feature_blocks(text):
        if names := _names(lines, Place(card, field=column)):
            found.setdefault(column, names)
    return found


def _feature_blocks(text: str) -> Iterator[tuple[str, list[str]]]:
    """Each feature's name and the lines that belong to it: those that are indented further."""
    lines = text.removeprefix("\ufeff").splitlines()
    if not lines or lines[0].strip() != FENCE:
        return
    name, indent, block = "", 0, list[str]()
    for line in lines[1:]:
        begun = FEATURE.fullmatch(line)
        ended = line.strip() == FENCE or len(line) - len(line.lstrip()) <= indent
        if name and line.strip() and ended:
            yield name, block
            name = ""
        if line.strip() == FENCE:
            return
        if begun is not None and not name:
            name, indent, block = _scalar(begun[2]), len(begun[1]), []
        elif name:
            block.append(line)


def _names(lines: Sequence[str], place: Place) -> tuple[str, ...]:
    """The entries under ``class_label: names:``, in order of their numbers."""
    at = [number for number, line in enumerate(lines) if NAMED.fullmatch(line)]
    if len(at) != 2 or at[1] != at[0] + 1 or not lines[at[0]].strip().startswith("class_label"):
        return ()
    indent = len(lines[at[1]]) - len(lines[at[1]].lstrip())
    entries: dict[int, str] = {}
    for line in lines[at[1] + 1 :]:
        entry = ENTRY.fullmatch(line)
        if len(line) - len(line.lstrip()) <= indent and line.strip():
            break
        if entry is None and entries and line.strip():  # long names go on in the next line
            last = max(entries)
            entries[last] = f"{entries[last]} {line.strip()}"
        elif entry is not None:
            entries[int(entry[1])] = entry[2]
    if [*entries] != [*range(len(entries))]:
        raise InputError(shown(entries, 60), expected="names of classes with the numbers 0, 1, 2, ...", place=place)
    return tuple(_scalar(text, place) for text in entries.values())


def _scalar(text: str, place: Place | None = None) -> str:
    """A text of YAML: plain, in single or in double quotes."""
    text = text.strip()
    if text[:1] == text[-1:] == "'" and len(text) > 1:
        return text[1:-1].replace("''", "'")
    if text[:1] != '"':
        return text
    try:
        return str(json.loads(ESCAPE.sub(lambda found: _escaped(int(found[1] or found[2], 16)), text)))
    except ValueError as error:
        raise InputError(shown(text, 60), expected="a name in quotation marks", place=place) from error


def _escaped(sign: int) -> str:
    return json.dumps(chr(sign))[1:-1] if sign <= 0x10FFFF else "?"


def quoted(text: str) -> str:
    """``text`` as YAML takes it for a text, whatever is in it.

    >>> quoted("no"), quoted('a: "b"')
    ('"no"', '"a: \\\\"b\\\\""')
    """
    return UNPRINTABLE.sub(lambda found: f"\\u{ord(found[0]):04x}", json.dumps(text, ensure_ascii=False))
