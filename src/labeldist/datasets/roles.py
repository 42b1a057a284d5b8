"""Which column of a table names the item, the label and the annotator, by the names of the columns."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Mapping

from labeldist.datasets.column_map import ANNOTATOR, ID, LABEL

UNNAMED = "row label"  # a first column without a name, as pandas writes them
# What columns are called in annotation files; compared without case and signs, the first that is there. Names that
# texts have too (question, answer, response, user) are not among them: they would be taken for labels.
NAMES = {
    ID: ("id", "item", "itemid", "task", "taskid", "instance", "instanceid", "example", "exampleid", "uid", "guid",
         "pairid", "docid", "documentid", "sentenceid", "textid"),
    LABEL: ("label", "annotation", "rating", "judgment", "judgement"),
    ANNOTATOR: ("annotator", "annotatorid", "worker", "workerid", "rater", "raterid", "coder", "coderid",
                "performer", "userid", "participantid", "respondentid", "prolificid", "prolificpid", "turkid",
                "turkerid", "amtworkerids"),
}  # fmt: skip
OF_A_PERSON = re.compile(r"(annotator|annot|ann|worker|rater|coder|user|person|judge|expert|a|w|r)?[\s_.\-]*\d+", re.I)
OF_AN_ITEM = re.compile(r"(.*[\W_])?(id|ID|Id)|.*[a-z]I[dD]")  # such as tweet_id
OF_SOMEBODY = re.compile(
    r"annot|worker|rater|coder|performer|user|person|judge|expert|author|participant|respond", re.I
)
OF_WHO_LABELLED = re.compile(r"annotator|worker|rater|coder|performer|judge|participant|respondent", re.I)
OF_LABELS = re.compile(r"label|annotation|judg|rating|vote|verdict|opinion", re.I)
# What was made of the labels, and is none that an annotator gave.
MADE_OF_LABELS = re.compile(
    r"gold|majority|hard|final|true|truth|target|adjudicat|consensus|correct|expected|predict|aggregat|mode$|mean|soft",
    re.I,
)


def bare(name: str) -> str:
    """A name without case and signs.

    >>> bare("Item_ID")
    'itemid'
    """
    return re.sub(r"[\W_]+", "", name).lower()


def roles_of(columns: Iterable[str], given: Mapping[str, str]) -> dict[str, str]:
    """The column of each role that has one: as ``given``, else by its name.

    >>> roles_of(["tweet_id", "worker", "verdict"], {"label": "verdict"})
    {'id': 'tweet_id', 'label': 'verdict', 'annotator': 'worker'}
    """
    names = [*columns]
    by_name = {bare(name): name for name in reversed(names)}
    found: dict[str, str] = dict(given)
    for role, known in NAMES.items():
        column = next(
            (by_name[name] for name in known if name in by_name and by_name[name] not in found.values()), None
        )
        if role not in found and column is not None:
            found[role] = column
    alike = [name for name in names if OF_AN_ITEM.fullmatch(name) and not OF_SOMEBODY.search(name)]
    alike = [name for name in alike if name not in found.values()]
    return found if ID in found or len(alike) != 1 else {ID: alike[0], **found}


def id_column(columns: Iterable[str]) -> str | None:
    """The column that names items, by its name; None where there is none.

    >>> id_column(["ok", "Item_ID"])
    'Item_ID'
    """
    return roles_of(columns, {}).get(ID)


def misspelt(columns: Iterable[str]) -> dict[str, str]:
    """The columns whose names are nearly those of a role, by role.

    >>> misspelt(["id", "anotator", "lable"])
    {'label': 'lable', 'annotator': 'anotator'}
    """
    found = {}
    names = {bare(name): name for name in columns}
    for role, known in NAMES.items():
        if any(name in names for name in known):
            continue
        others = {name for other in NAMES if other != role for name in NAMES[other]}
        near = [
            name
            for name in names
            if len(name) > 3
            and name not in others
            and difflib.get_close_matches(name, known, n=1, cutoff=0.8)
            and not any(right.startswith(name) for right in known)
        ]
        if len(near) == 1:
            found[role] = names[near[0]]
    return found
