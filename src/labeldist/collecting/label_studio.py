"""A study as a project of Label Studio: the labelling interface, and the tasks to import."""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path
from xml.sax.saxutils import quoteattr

from labeldist.collecting.inert import JOINER
from labeldist.collecting.study import Question, Study
from labeldist.datasets.formats.label_studio import OWN_ID

CONFIGURATION, DATA = "config.xml", "tasks.json"
# What XML cannot hold at all.
NO_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")


def files(study: Study) -> dict[str, str]:
    """The files of the project by name."""
    headings = _headings(study)
    tasks = []
    for unit in study.units:
        texts = dict(unit.texts)
        shown = {f"text{number}": texts.get(heading, "") for number, heading in enumerate(headings, 1)}
        tasks.append({"data": {OWN_ID: unit.id, **shown}})
    return {CONFIGURATION: _interface(study, headings), DATA: json.dumps(tasks, ensure_ascii=False, indent=1) + "\n"}


def start(folder: Path) -> str:
    """The command that starts Label Studio with the project; the tasks are imported in its window."""
    name = shlex.quote(folder.resolve().name)
    return f"cd {shlex.quote(str(folder))} && label-studio start {name} --init --label-config {CONFIGURATION}"


def _interface(study: Study, headings: list[str]) -> str:
    parts = [_header(study.title, 3), *(_header(text, 5) for text in study.instructions)]
    for number, heading in enumerate(headings, 1):
        parts += [_header(heading, 5), f'<Text name="text{number}" value="$text{number}"/>']
    for question in study.questions:
        parts += [_header(question.text, 4), _choices(question)]
    return "\n  ".join(["<View>", *parts]) + "\n</View>\n"


def _header(text: str, size: int) -> str:
    return f'<Header value={attribute(text)} size="{size}"/>'


def _choices(question: Question) -> str:
    options = "".join(
        f"\n    <Choice value={attribute(one.shown)} alias={attribute(one.stored)}/>" for one in question.options
    )
    name = attribute(question.name)
    return f'<Choices name={name} toName="text1" choice="single-radio" required="true">{options}\n  </Choices>'


def attribute(text: str) -> str:
    """A text as an attribute of XML; a dollar would begin the name of a field, so a word joiner keeps it from that.

    >>> attribute('a "b" <c> $d').replace(JOINER, "|")
    '\\'a "b" &lt;c&gt; $|d\\''
    """
    return quoteattr(NO_XML.sub("\ufffd", text).replace("$", "$" + JOINER))


def _headings(study: Study) -> list[str]:
    return list(dict.fromkeys(heading for unit in study.units for heading, _ in unit.texts))
