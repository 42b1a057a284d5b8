"""What other distributions add: their entry points in the groups ``labeldist.*``, read at the first look-up."""

from __future__ import annotations

import importlib
import logging
import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from itertools import chain
from typing import TYPE_CHECKING

from labeldist.core.errors import LabeldistError, PluginError

if TYPE_CHECKING:
    from importlib.metadata import Distribution

logger = logging.getLogger(__name__)
PREFIX = "labeldist."
LONGEST_REASON = 300


@dataclass(frozen=True, slots=True)
class Plugin:
    """One entry point: a ``distribution`` has a part ``name`` at ``target``, a module or module:attribute.

    >>> Plugin("labeldist.metrics", "hellinger", "my_metrics", "my-metrics", "0.1").owner
    'my-metrics 0.1'
    """

    group: str
    name: str
    target: str
    distribution: str
    version: str

    @property
    def owner(self) -> str:
        """The distribution with its version."""
        return f"{self.distribution} {self.version}"

    @property
    def module(self) -> str:
        """The module that is imported for it."""
        return self.target.partition("[")[0].partition(":")[0].strip()

    @property
    def attribute(self) -> str:
        """What of the module it is; empty for the module itself."""
        return self.target.partition("[")[0].partition(":")[2].strip()

    def unusable(self, kind: str, why: str) -> PluginError:
        """The error for a part that cannot be had."""
        return PluginError(
            f"{kind} {self.name!r} of the plugin {self.owner} cannot be used: {why} "
            f"(entry point {self.name} = {self.target} in {self.group})",
            hint=f"update or repair it, or remove it: pip uninstall {self.distribution}",
        )

    def load(self, kind: str) -> object:
        """The module or its attribute; :class:`PluginError` whatever goes wrong in the plugin's own code."""
        try:
            found: object = importlib.import_module(self.module)
            for name in filter(None, self.attribute.split(".")):
                found = getattr(found, name)
        except (Exception, SystemExit) as error:
            raise self.unusable(kind, _reason(error)) from error
        return found


def ambiguous(kind: str, name: str, plugins: Iterable[Plugin], elsewhere: str | None) -> PluginError:
    """The error for a name that a plugin shares with another one, or with a part from ``elsewhere``."""
    plugins = [*plugins]
    owners = [*filter(None, [elsewhere]), *(plugin.owner for plugin in plugins)]
    removable = " or ".join(dict.fromkeys(f"pip uninstall {plugin.distribution}" for plugin in plugins))
    return PluginError(
        f"{kind} {name!r} is ambiguous: {' and '.join(owners)} each have one",
        hint=f"keep one of them ({removable}), or ask the plugin's authors for another name",
    )


@cache
def installed() -> tuple[Plugin, ...]:
    """All entry points for labeldist, of every distribution on the path; nothing of theirs is imported.

    What of a distribution cannot be read is left out, with a warning.
    """
    from importlib.metadata import distribution, distributions

    found: dict[str, list[Plugin]] = {}
    for one in filter(_concerns_labeldist, distributions()):
        name = ""
        try:
            name = _spelled(one)
            if name not in found:  # a distribution may lie in several folders: the first counts, as for imports
                found[name] = []
                found[name] = _plugins_of(distribution(name))
        except Exception as error:  # a broken file of others must not end what does not need it
            where = name or "without a name", one.locate_file("")
            logger.warning("entry points of the plugin %s in %s cannot be read: %s", *where, _reason(error))
    return tuple(chain.from_iterable(found.values()))


def _concerns_labeldist(one: Distribution) -> bool:
    """Whether there are entry points for labeldist, at a glance: parsing those of all distributions takes longer."""
    try:
        return f"[{PREFIX}" in (one.read_text("entry_points.txt") or "")
    except (OSError, ValueError):
        return False  # nothing tells that it is for us


def _spelled(one: Distribution) -> str:
    """The name that all spellings of a distribution's name share."""
    if "Name" not in one.metadata:
        raise LabeldistError("its metadata have no name", hint="remove what an uninstalled package left there")
    return re.sub(r"[-_.]+", "-", one.metadata["Name"]).lower()


def _plugins_of(one: Distribution) -> list[Plugin]:
    points = (point for point in one.entry_points if point.group.startswith(PREFIX))
    return [Plugin(point.group, point.name, point.value, one.metadata["Name"], one.version) for point in points]


def _reason(error: BaseException) -> str:
    """What went wrong, on one line."""
    said = error.in_a_line if isinstance(error, LabeldistError) else f"{type(error).__name__}: {error}"
    line = " ".join(said.split())
    return line if len(line) <= LONGEST_REASON else line[: LONGEST_REASON - 1] + "…"
