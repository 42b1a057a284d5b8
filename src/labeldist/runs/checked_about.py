"""Whether a file about results has the parts that others read: people edit such files, and disks damage them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from labeldist.estimation.stored_fields import Part

TEXTS = ("task", "scale", "reference_annotators", "repeated_labels", "shard")
OF_SOURCE = (*TEXTS, "source", "labels", "on_error", "limit", "evidence", "read", "texts")
OF_READ = ("format", "columns", "missing", "aliases")


def settings_of(part: Part) -> None:
    """Settings are an object."""
    if not isinstance(part.value, Mapping):
        part.refuse("an object")


def file_name(part: Part) -> None:
    """A file beside the one that names it: what lies elsewhere is no result of the same run."""
    name = part.text()
    if not name or "\0" in name or Path(name).name != name:
        part.refuse("the name of a file in the same folder")


def check_posterior(part: Part) -> None:
    """What a report tells of a posterior."""
    part.of("name").text()
    file_name(part.of("file"))
    if (group := part.maybe("annotators")) is not None:
        group.text()
    part.of("evidence").texts()
    for sentence in part.of("in_words").each():
        sentence.text()
    calibration = part.of("calibration")
    for saved in calibration.of("saves").each():
        saved.of("evidence").texts()
        for name in ("labels", "low", "high"):
            saved.of(name).number()
    for note in calibration.of("notes").each() if "notes" in calibration.value else ():
        note.text()


def check_opened_by(part: Part) -> None:
    """What opens a source anew, and nothing else."""
    settings_of(part)
    for name in part.value:
        if name not in OF_SOURCE:
            part.of(name).refuse(f"only: {', '.join(OF_SOURCE)}")
    for name in TEXTS:
        if name in part.value and (found := part.maybe(name)) is not None:
            found.text()
    part.of("source").text()
    part.of("labels").texts()
    for one in part.of("evidence").each():
        one.text()
    part.of("on_error").one_of("stop", "skip")
    part.of("texts").flag()
    if (limit := part.maybe("limit")) is not None:
        limit.whole()
    read = part.of("read")
    settings_of(read)
    for name in read.value:
        _check_reading(read.of(name), known=name in OF_READ)


def _check_reading(part: Part, *, known: bool) -> None:
    """Texts, lists of texts, objects of texts or of such lists."""
    if not known:
        part.refuse(f"only: {', '.join(OF_READ)}")
    value = part.value
    if value is None or isinstance(value, str):
        return
    if part.name.endswith(".format"):
        part.refuse("a text")
    parts = [part.of(key) for key in value] if isinstance(value, Mapping) else [*part.each()]
    for one in parts:
        if not (isinstance(value, Mapping) and isinstance(one.value, list)):
            one.text()
            continue
        for name in one.each():
            name.text()
