"""Names for the parts of labeldist that can be chosen: looked up lazily, with "did you mean"."""

from __future__ import annotations

import difflib
import importlib
import pkgutil
import threading
from collections.abc import Callable, Iterable
from typing import Generic, TypeVar, cast

from labeldist.core.errors import UsageError

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
    look-up, so naming the kind costs nothing), or by ``lazy``, with the place to import it from later.

    >>> greetings: Registry[Callable[[], str]] = Registry("greeting")
    >>> @greetings.add("hello")
    ... def hello() -> str:
    ...     return "Hello."
    >>> greetings.get("hello")()
    'Hello.'
    """

    def __init__(self, kind: str, package: str | None = None) -> None:
        self.kind = kind
        self._package = package
        self._parts: dict[str, T] = {}
        self._lazy: dict[str, str] = {}
        self._reading = threading.RLock()

    def add(self, name: str) -> Callable[[T], T]:
        """Decorator that registers its target as ``name``; a second part of one name is an error."""

        def register(part: T) -> T:
            if name in self._parts:
                raise UsageError(f"two parts are named {name!r} among the {self.kind}s", hint="rename one of them")
            self._parts[name] = part
            return part

        return register

    def lazy(self, name: str, target: str) -> None:
        """Register ``name`` as the attribute ``target`` ("module:attribute"), imported when first asked for."""
        self._lazy[name] = target

    def get(self, name: str) -> T:
        """The part of that name; an unknown name raises :class:`UsageError` with the choices."""
        if name not in self._parts and name in self._lazy:
            module, attribute = self._lazy[name].split(":")
            self._parts[name] = cast(T, getattr(importlib.import_module(module), attribute))
        if name not in self._parts:
            self._discover()
        if name not in self._parts:
            raise did_you_mean(self.kind, name, self.names())
        return self._parts[name]

    def names(self) -> list[str]:
        """All names, in the order of registration."""
        self._discover()
        return [*self._parts, *(name for name in self._lazy if name not in self._parts)]

    def _discover(self) -> None:
        with self._reading:  # a second thread waits until all parts are there
            if self._package is None:
                return
            package, self._package = importlib.import_module(self._package), None
            for module in pkgutil.iter_modules(package.__path__, package.__name__ + "."):
                importlib.import_module(module.name)
