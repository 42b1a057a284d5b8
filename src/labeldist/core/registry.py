"""Names for the parts of labeldist that can be chosen: looked up lazily, with "did you mean"."""

from __future__ import annotations

import difflib
import importlib
import logging
import pkgutil
import sys
import threading
from collections.abc import Callable, Iterable
from typing import Generic, TypeVar, cast

from labeldist import __version__
from labeldist.core.errors import PluginError, UsageError
from labeldist.core.plugins import Plugin, ambiguous, installed

logger = logging.getLogger(__name__)
PACKAGE = "labeldist"
T = TypeVar("T")


def did_you_mean(kind: str, name: str, choices: Iterable[str]) -> UsageError:
    """The error for an unknown name: all the choices, and the nearest one where there is one.

    >>> print(did_you_mean("metric", "KLL", ["kl", "jsd"]))
    no metric is named 'KLL'
      hint: did you mean 'kl'? Known: jsd, kl
    """
    known = sorted(choices)
    near = difflib.get_close_matches(name.lower(), known, n=1, cutoff=0.5)
    hint = f"did you mean {near[0]!r}? " if near else ""
    return UsageError(f"no {kind} is named {name!r}", hint=f"{hint}Known: {', '.join(known) or 'none'}")


class Registry(Generic[T]):
    """Named parts of one kind.

    A part is added by decorating it in a module of ``package`` (the modules are imported at the first
    look-up, so naming the kind costs nothing), by ``lazy``, with the place to import it from later, or by a plugin:
    a distribution with an entry point of that name in ``group``. Entry points are read at the first look-up, too, and
    a plugin is imported when its part is asked for.

    ``part_type``: what a plugin's part must be (None: anything that can be called). ``reserved``: names that mean
    something else where a part is chosen.

    >>> greetings: Registry[Callable[[], str]] = Registry("greeting")
    >>> @greetings.add("hello")
    ... def hello() -> str:
    ...     return "Hello."
    >>> greetings.get("hello")()
    'Hello.'
    """

    def __init__(
        self,
        kind: str,
        package: str | None = None,
        *,
        group: str | None = None,
        part_type: type[T] | None = None,
        reserved: Iterable[str] = (),
    ) -> None:
        self.kind = kind
        self.group = group
        self._package = package
        self._part_type = part_type
        self._reserved = frozenset(reserved)
        self._parts: dict[str, T] = {}
        self._lazy: dict[str, str] = {}
        self._modules: dict[str, str] = {}  # where a part was added
        self._loaded: dict[str, Plugin] = {}
        self._settled: set[str] = set()  # names that no two have
        self._told: set[str] = set()
        self._reading = threading.RLock()

    def add(self, name: str) -> Callable[[T], T]:
        """Decorator that registers its target as ``name``; a second part of one name is an error."""

        def register(part: T) -> T:
            here = _running_module()
            if name in self._parts or name in self._lazy or name in self._reserved:
                raise UsageError(
                    f"two parts are named {name!r} among the {self.kind}s, "
                    f"in {self._modules.get(name, 'labeldist')} and in {here}",
                    hint="rename one of them",
                )
            self._parts[name] = part
            self._modules[name] = here
            return part

        return register

    def lazy(self, name: str, target: str) -> None:
        """Register ``name`` as the attribute ``target`` ("module:attribute"), imported when first asked for."""
        self._lazy[name] = target

    def get(self, name: str) -> T:
        """The part of that name.

        An unknown name raises :class:`UsageError` with the choices; one that a plugin shares with labeldist or with
        another plugin, and one whose plugin fails, raises :class:`PluginError`.
        """
        if name not in self._settled or name not in self._parts:
            with self._reading:
                self._settle(name)
        return self._parts[name]

    def names(self) -> list[str]:
        """All names, those of plugins last; no plugin is imported."""
        self._discover()
        own = (name for name in (*self._parts, *self._lazy) if name not in self._loaded)
        return [*dict.fromkeys((*own, *sorted({*self._loaded, *self._plugins()})))]

    def parts(self) -> dict[str, T]:
        """Every part by name. A plugin that cannot be used is left out, and a warning says so, once."""
        found = {}
        for name in self.names():
            try:
                found[name] = self.get(name)
            except PluginError as error:
                if self._elsewhere(name) is not None and name not in self._reserved:
                    found[name] = self._own(name)
                if name not in self._told:
                    self._told.add(name)
                    logger.warning("%s", error.in_a_line)
        return found

    def added_by(self, name: str) -> str | None:
        """The distribution, with its version, whose part ``name`` is in use; None where it is not a plugin's."""
        return self._loaded[name].owner if name in self._loaded else None

    def _settle(self, name: str) -> None:
        """Have the part of that name, and be sure that it is the only one."""
        plugins = self._plugins().get(name, [])
        if plugins or (name not in self._parts and name not in self._lazy):
            self._discover()
        if plugins:
            self._take(name, plugins)
        elif name in self._lazy or name in self._parts:
            self._own(name)
        else:
            raise did_you_mean(self.kind, name, self.names())
        self._settled.add(name)

    def _own(self, name: str) -> T:
        """The part that is no plugin's, imported where it is a lazy one."""
        if name not in self._parts:
            module, attribute = self._lazy[name].split(":")
            self._parts[name] = cast(T, getattr(importlib.import_module(module), attribute))
        return self._parts[name]

    def _take(self, name: str, plugins: list[Plugin]) -> None:
        elsewhere, plugin = self._elsewhere(name), plugins[0]
        if elsewhere is not None or len(plugins) > 1:
            raise ambiguous(self.kind, name, plugins, elsewhere)
        before = {*self._parts}
        try:
            self._parts[name] = self._part(plugin, plugin.load(self.kind))
        except PluginError:
            for added in self._parts.keys() - before:  # by a module that then failed: the next try begins anew
                del self._parts[added], self._modules[added]
            raise
        self._loaded[name] = plugin

    def _part(self, plugin: Plugin, loaded: object) -> T:
        """What a plugin added under its name when it was imported, or else what its entry point leads to."""
        part = self._parts.get(plugin.name, loaded)
        wanted = callable(part) if self._part_type is None else isinstance(part, self._part_type)
        if not wanted:
            raise plugin.unusable(self.kind, f"it adds no {self.kind} of that name, and {plugin.target} is none")
        if getattr(part, "name", plugin.name) != plugin.name:
            raise plugin.unusable(self.kind, f"it calls itself {getattr(part, 'name', None)!r}")
        return cast(T, part)

    def _elsewhere(self, name: str) -> str | None:
        """Who has the name beside the plugins that say they do."""
        module = self._modules.get(name, "")
        if name in self._lazy or name in self._reserved or _top(module) == PACKAGE:
            return f"{PACKAGE} {__version__} (built in)"
        theirs = {_top(plugin.module) for plugin in self._plugins().get(name, [])}
        return f"the module {module}" if module and _top(module) not in theirs else None

    def _plugins(self) -> dict[str, list[Plugin]]:
        found: dict[str, list[Plugin]] = {}
        for plugin in installed() if self.group is not None else ():
            if plugin.group == self.group:
                found.setdefault(plugin.name, []).append(plugin)
        return found

    def _discover(self) -> None:
        with self._reading:  # a second thread waits until all parts are there
            if self._package is None:
                return
            package, self._package = importlib.import_module(self._package), None
            try:
                for module in pkgutil.iter_modules(package.__path__, package.__name__ + "."):
                    importlib.import_module(module.name)
            except BaseException:
                self._package = package.__name__  # half of the parts would pass for all of them
                raise


def _running_module() -> str:
    """The module whose own lines are being run: the one that adds a part, however many decorators are between."""
    frame = sys._getframe(1)
    while frame.f_code.co_name != "<module>" and frame.f_back is not None:
        frame = frame.f_back
    return str(frame.f_globals.get("__name__", "?"))


def _top(module: str) -> str:
    return module.partition(".")[0]
