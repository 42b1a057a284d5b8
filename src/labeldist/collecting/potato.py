"""A study as a project of Potato: its configuration and the data, as Potato 2.12 starts it."""

from __future__ import annotations

import html
import json
import re
import shlex
from pathlib import Path
from typing import Any

from labeldist.collecting.inert import inert
from labeldist.collecting.study import Question, Study

CONFIGURATION, DATA = "config.yaml", "tasks.jsonl"
ANSWERS = "annotation_output"
# What YAML does not take as it is: JSON is YAML but for these.
UNPRINTABLE = re.compile("[\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]")


def files(study: Study) -> dict[str, str]:
    """The files of the project by name."""
    lines = (json.dumps(_row(study, number), ensure_ascii=False) + "\n" for number in range(len(study.units)))
    return {CONFIGURATION: as_yaml(_configuration(study)), DATA: "".join(lines)}


def start(folder: Path) -> str:
    """The command that starts the project. Potato starts only what lies in its working folder."""
    return f"cd {shlex.quote(str(folder))} && potato start {CONFIGURATION} -p 8000 --host 127.0.0.1"


def as_yaml(value: Any) -> str:
    """JSON that is YAML too, whatever the texts.

    >>> as_yaml({"a": "\\x85 {{ 'b': \\n"})
    '{\\n "a": "\\\\u0085 {{ \\'b\\': \\\\n"\\n}\\n'
    """
    text = json.dumps(value, ensure_ascii=False, indent=1)
    return UNPRINTABLE.sub(lambda found: f"\\u{ord(found[0]):04x}", text) + "\n"


def _configuration(study: Study) -> dict[str, Any]:
    paragraphs = "".join(f"<p>{html.escape(inert(text))}</p>" for text in study.instructions)
    return {
        "annotation_task_name": inert(study.title),
        "task_dir": ".",
        "output_annotation_dir": ANSWERS,
        "data_files": [DATA],
        # Not a text of the item: Potato would show its own copy of that, with the markup in it.
        "item_properties": {"id_key": "id", "text_key": "place"},
        "user_config": {"allow_all_users": True, "users": []},
        "require_password": False,
        "assignment_strategy": "fixed_order",
        "annotation_instructions": f"<div>{paragraphs}</div>",
        "instance_display": {
            "fields": [
                {"key": f"text{number}", "type": "text", "label": inert(heading)}
                for number, heading in enumerate(_headings(study), 1)
            ]
        },
        "annotation_schemes": [_scheme(question) for question in study.questions],
    }


def _scheme(question: Question) -> dict[str, Any]:
    return {
        "annotation_type": "radio",
        "name": question.name,
        "description": inert(question.text),
        "labels": [{"name": one.stored, "displayed_label": inert(one.shown)} for one in question.options],
        "label_requirement": {"required": True},
    }


def _headings(study: Study) -> list[str]:
    return list(dict.fromkeys(heading for unit in study.units for heading, _ in unit.texts))


def _row(study: Study, number: int) -> dict[str, str]:
    unit = study.units[number]
    texts = dict(unit.texts)
    shown = {f"text{at}": inert(texts.get(heading, "")) for at, heading in enumerate(_headings(study), 1)}
    return {"id": unit.id, "place": f"{number + 1} of {len(study.units)}", **shown}
