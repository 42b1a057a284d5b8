"""Which column is what, as a user says it: ``--columns id=tweet,label=verdict``, or ``columns={"id": "tweet"}``."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from labeldist.core.errors import UsageError, shown
from labeldist.core.registry import did_you_mean

ID, LABEL, ANNOTATOR, GROUP = "id", "label", "annotator", "group"
LABELS, COUNTS = "labels", "counts"
ROLES = (ID, LABEL, LABELS, COUNTS, ANNOTATOR, GROUP)
ROW_NUMBER = "#"
JOIN = "+"
WAY = "."  # to a key of the annotations in a column


@dataclass(frozen=True, slots=True)
class ColumnMap:
    """The columns that the user named.

    ``header``: the names of all columns, of a file without a header. ``roles``: for those of ROLES that are named, the
    columns; several of ``id`` are joined, several of ``label`` are an annotator each. ``renamed``: any other name, such
    as that of a task's field, by the column (or the way to it, ``text.en.0``) that has it.
    """

    header: tuple[str, ...] = ()
    roles: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    renamed: Mapping[str, str] = field(default_factory=dict)

    def one(self, role: str) -> str | None:
        """The column of a role that can have only one; :class:`UsageError` where several are named."""
        names = self.roles.get(role, ())
        if len(names) > 1:
            raise UsageError(f"{len(names)} columns as the {role}", hint=f"name one: --columns {role}={names[0]}")
        return names[0] if names else None


def read_columns(given: str | Mapping[str, str | Sequence[str]] | Sequence[str] | None) -> ColumnMap:
    """The map in ``given``: pairs with commas between them, or a mapping; names alone are a header.

    Raises :class:`UsageError` for anything else.

    >>> read_columns("id=tweet,label=verdict,premise=text.en.0").renamed
    {'premise': 'text.en.0'}
    >>> read_columns("id,annotator,label").header
    ('id', 'annotator', 'label')
    """
    if given is None:
        return ColumnMap()
    if isinstance(given, Mapping):
        return _of_pairs([(name, spec if isinstance(spec, str) else [*spec]) for name, spec in given.items()])
    parts = [part.strip() for part in given.split(",")] if isinstance(given, str) else [*given]
    if not parts or not all(parts):
        raise UsageError(
            f"--columns {shown(given)}", hint="name what is what: --columns id=item,label=verdict,annotator=who"
        )
    pairs = [part.partition("=") for part in parts]
    if not any(equals for _, equals, _ in pairs):
        return ColumnMap(header=_each_once(parts))
    odd = next((part for part, (_, equals, _) in zip(parts, pairs, strict=True) if not equals), None)
    if odd is not None:
        raise UsageError(
            f"--columns {shown(given)}: {odd!r} without what it is",
            hint=f"pairs such as label={odd}; or, of a file without a header, the names of all columns alone",
        )
    return _of_pairs([(name.strip(), spec.strip()) for name, _, spec in pairs])


def _each_once(names: Sequence[str]) -> tuple[str, ...]:
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise UsageError(f"column {twice!r} named twice in --columns", hint="give each column a name of its own")
    return tuple(names)


def _of_pairs(pairs: Iterable[tuple[str, str | list[str]]]) -> ColumnMap:
    roles: dict[str, tuple[str, ...]] = {}
    renamed: dict[str, str] = {}
    for name, spec in pairs:
        if not name or not spec or name in roles or name in renamed:
            raise UsageError(f"--columns with {name!r} for {shown(spec)}", hint="name each once, as NAME=COLUMN")
        if name in ROLES:
            roles[name] = (spec,) if isinstance(spec, str) else tuple(spec)
        elif isinstance(spec, str):
            renamed[name] = spec
        else:
            raise UsageError(f"several columns as {name!r}", hint=f"only {', '.join(ROLES)} can have several")
    return ColumnMap(roles=roles, renamed=renamed)


def there(found: ColumnMap, columns: Iterable[str]) -> ColumnMap:
    """The map, each role by columns that are there: ``a+b`` are two where no column has that name.

    Raises :class:`UsageError`, with the nearest one, for a column that is not.

    >>> there(read_columns("label=a+b"), ["id", "a", "b"]).roles["label"]
    ('a', 'b')
    """
    known = [*columns]
    roles = {role: tuple(_columns(role, names, known)) for role, names in found.roles.items()}
    return ColumnMap(found.header, roles, found.renamed)


def _columns(role: str, names: Iterable[str], known: list[str]) -> Iterable[str]:
    for name in names:
        for part in [name] if name in known or JOIN not in name else name.split(JOIN):
            of_entries = role in (LABEL, ANNOTATOR, GROUP) and part.partition(WAY)[0] in known and WAY in part
            if part not in known and not of_entries and not (role == ID and part == ROW_NUMBER):
                raise did_you_mean("column", part, known)
            yield part
