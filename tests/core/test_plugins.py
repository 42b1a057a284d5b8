"""Entry points of other distributions: parts by name, at the first look-up, and never in anybody's place."""

from __future__ import annotations

import logging
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from tests.installing import distribution

from labeldist.core.errors import PluginError, UsageError
from labeldist.core.plugins import installed
from labeldist.core.registry import Registry

Things = Registry[Callable[[], str]]
THING = 'from things_home import THINGS\n\n@THINGS.add("{0}")\ndef {0}():\n    return "{0}"\n'


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder of installed distributions, on the path; entry points are read anew in it and after it."""
    before = set(sys.modules)
    monkeypatch.syspath_prepend(str(tmp_path))
    installed.cache_clear()
    yield tmp_path
    installed.cache_clear()
    for name in [name for name in sys.modules if name.startswith("things") and name not in before]:
        del sys.modules[name]


@pytest.fixture
def things(site: Path) -> Things:
    """A registry of functions with the built-in part ``old``, where plugins find it."""
    module = type(sys)("things_home")
    found: Things = Registry("thing", group="labeldist.things", reserved=("none",))
    module.__dict__["THINGS"] = found
    sys.modules["things_home"] = module
    found.lazy("old", "getpass:getuser")
    return found


def points(**targets: str) -> str:
    return "[labeldist.things]\n" + "".join(f"{name} = {target}\n" for name, target in targets.items())


def test_a_decorated_part_and_a_part_itself(site: Path, things: Things) -> None:
    files = {
        "things_a.py": THING.format("made"),
        "things_b.py": "class Kept:\n    @staticmethod\n    def way(): return 'b'\n",
    }
    distribution(site, "some-things", points(made="things_a", bare="things_b:Kept.way", fn="things_a:made"), files)
    assert things.names() == ["old", "bare", "fn", "made"]
    assert "things_a" not in sys.modules
    assert things.added_by("made") is None
    assert (things.get("made")(), things.get("bare")(), things.get("fn")()) == ("made", "b", "made")
    assert things.added_by("made") == "some-things 1.0"
    assert things.added_by("old") is None
    with pytest.raises(UsageError, match="did you mean 'made'"):
        things.get("maed")


def test_another_group_is_not_read(site: Path, things: Things) -> None:
    distribution(site, "others", "[labeldist.thing]\nx = things_x\n[console_scripts]\ny = things_y:main\n")
    assert things.names() == ["old"]
    assert [plugin.group for plugin in installed() if plugin.distribution == "others"] == ["labeldist.thing"]


@pytest.mark.parametrize("name", ["old", "none"])
def test_a_name_of_labeldist_is_never_taken(
    site: Path, things: Things, name: str, caplog: pytest.LogCaptureFixture
) -> None:
    distribution(site, "taker", points(**{name: "things_taker:part"}), {"things_taker.py": "def part(): return '!'\n"})
    for _ in range(2):
        with pytest.raises(PluginError, match=r"labeldist \d\S* \(built in\) and taker 1.0") as refused:
            things.get(name)
    assert "pip uninstall taker" in refused.value.hint
    assert "things_taker" not in sys.modules
    with caplog.at_level(logging.WARNING):
        parts = [things.parts(), things.parts()][1]
    assert [*parts] == ["old"]
    assert parts["old"].__module__ == "getpass"
    assert [record.message.count("taker 1.0") for record in caplog.records] == [1]


def test_two_plugins_of_one_name(site: Path, things: Things, caplog: pytest.LogCaptureFixture) -> None:
    for owner in ("one", "two"):
        distribution(site, owner, points(same=f"things_{owner}"), {f"things_{owner}.py": THING.format("same")})
    with pytest.raises(PluginError, match=r"(one|two) 1.0 and (?!\1)(one|two) 1.0") as refused:
        things.get("same")
    assert "pip uninstall one" in refused.value.hint
    assert "pip uninstall two" in refused.value.hint
    assert things.names() == ["old", "same"]
    assert [*things.parts()] == ["old"]
    assert "ambiguous" in caplog.text


def test_the_order_of_imports_decides_nothing(site: Path, things: Things) -> None:
    """A module that adds more than its distribution declares does not win over one that declares the name."""
    grabbing = THING.format("mine") + THING.format("yours").partition("\n")[2]
    distribution(site, "grabber", points(mine="things_grabber"), {"things_grabber.py": grabbing})
    distribution(site, "owner", points(yours="things_owner:yours"), {"things_owner.py": "def yours(): return 1\n"})
    assert things.get("mine")() == "mine"
    with pytest.raises(PluginError, match=r"the module things_grabber and owner 1\.0"):
        things.get("yours")


def test_a_plugin_that_was_imported_before_is_itself(site: Path, things: Things) -> None:
    distribution(site, "early", points(early="things_early"), {"things_early.py": THING.format("early")})
    __import__("things_early")
    assert things.get("early")() == "early"
    assert things.added_by("early") == "early 1.0"


def test_parts_of_ones_own_code_collide_with_plugins(site: Path, things: Things) -> None:
    distribution(site, "late", points(late="things_late"), {"things_late.py": THING.format("late")})
    things.add("late")(lambda: "notebook")
    with pytest.raises(PluginError, match=r"the module \S+ and late 1\.0"):
        things.get("late")


BROKEN = {
    "import no_such_module_at_all": "ModuleNotFoundError: No module named 'no_such_module_at_all'",
    "raise RuntimeError('first\\n  second')": "RuntimeError: first second",
    "raise SystemExit(0)": "SystemExit: 0",
    "def (": "SyntaxError: ",
    THING.format("bad") + "1 / 0": "ZeroDivisionError: ",
    THING.format("old"): "two parts are named 'old' among the things, in labeldist and in things_bad; rename",
    THING.format("misnamed"): "it adds no thing of that name, and things_bad is none",
    "THINGS = 3": "it adds no thing of that name",
}


@pytest.mark.parametrize("code", BROKEN)
def test_a_broken_plugin_breaks_only_its_own_part(
    site: Path, things: Things, code: str, caplog: pytest.LogCaptureFixture
) -> None:
    distribution(site, "bad-things", points(bad="things_bad"), {"things_bad.py": code})
    distribution(site, "good-things", points(good="things_good"), {"things_good.py": THING.format("good")})
    assert things.names() == ["old", "bad", "good"]
    assert things.get("good")() == "good"
    assert {"old", "good"} <= things.parts().keys()
    assert "bad" not in things.parts()
    assert len(re.findall("'bad' of the plugin bad-things 1.0", caplog.text)) == 1
    said = set()
    for _ in range(2):
        with pytest.raises(PluginError, match=re.escape(BROKEN[code])) as refused:
            things.get("bad")
        assert "\n" not in refused.value.message
        assert "bad = things_bad in labeldist.things" in refused.value.message
        assert "pip uninstall bad-things" in refused.value.hint
        said.add(str(refused.value))
    assert len(said) == 1 or "misnamed" in code


@pytest.mark.parametrize("target", ["things_ok:missing", "things_ok:", ":f", "not a module", "things_ok:f.g"])
def test_an_entry_point_that_leads_nowhere(site: Path, things: Things, target: str) -> None:
    distribution(site, "lost", points(x=target), {"things_ok.py": "def f(): return 1\n"})
    with pytest.raises(PluginError, match=r"thing 'x' of the plugin lost 1\.0 cannot be used"):
        things.get("x")


def test_a_part_of_another_kind_or_name_is_refused(site: Path) -> None:
    class Named:
        def __init__(self, name: str) -> None:
            self.name = name

    module = type(sys)("things_typed")
    module.__dict__.update(wrong=print, misnamed=Named("other"), right=Named("right"))
    sys.modules["things_typed"] = module
    registry: Registry[Named] = Registry("thing", group="labeldist.things", part_type=Named)
    names = {name: f"things_typed:{name}" for name in ("wrong", "misnamed", "right")}
    distribution(site, "typed", points(**names))
    assert registry.get("right").name == "right"
    with pytest.raises(PluginError, match="things_typed:wrong is none"):
        registry.get("wrong")
    with pytest.raises(PluginError, match="it calls itself 'other'"):
        registry.get("misnamed")
    assert [*registry.parts()] == ["right"]


def test_metadata_that_cannot_be_read_are_told_and_the_rest_works(
    site: Path, things: Things, caplog: pytest.LogCaptureFixture
) -> None:
    distribution(site, "good", points(good="things_good"), {"things_good.py": THING.format("good")})
    distribution(site, "torn", "[labeldist.things]\nno equals sign\n")
    (distribution(site, "nameless", points(x="y")) / "METADATA").write_text("Version: 1\n")
    (distribution(site, "latin", points(x="y")) / "METADATA").write_bytes(b"Name: \xe9\n")
    (distribution(site, "binary", "") / "entry_points.txt").write_bytes(b"\xff\xfe[labeldist.things]")
    assert things.get("good")() == "good"
    assert things.names() == ["old", "good"]
    assert caplog.text.count("cannot be read") == 3
    assert "of the plugin torn in" in caplog.text


def test_the_first_of_two_copies_counts(
    tmp_path: Path, site: Path, things: Things, monkeypatch: pytest.MonkeyPatch
) -> None:
    distribution(site / "behind", "Some.Things", points(made="things_gone"))
    distribution(site, "some-things", points(made="things_a"), {"things_a.py": THING.format("made")})
    monkeypatch.setattr(sys, "path", [*sys.path, str(site / "behind")])
    installed.cache_clear()
    assert things.get("made")() == "made"


def test_entry_points_are_read_at_the_first_look_up_only(site: Path) -> None:
    """Neither imports nor --help read them; a look-up reads them, and imports no plugin for another's name."""
    explosive = {"things_explosive.py": "raise SystemExit('imported')"}
    distribution(site, "explosive", "[labeldist.metrics]\nexplosive = things_explosive\n", explosive)
    code = (
        "import sys, labeldist\n"
        "from labeldist.cli.main import labeldist as command\n"
        "command.main(['--help'], standalone_mode=False)\n"
        "from labeldist.evaluation.metric import METRICS\n"
        "print('BEFORE', 'importlib.metadata' in sys.modules)\n"
        "METRICS.get('tvd')\n"
        "print('AFTER', *(name in sys.modules for name in ('importlib.metadata', 'things_explosive')))\n"
        "print('explosive' in METRICS.names())\n"
    )
    out = subprocess.run(
        [sys.executable, "-c", f"import sys; sys.path.insert(0, {str(site)!r})\n{code}"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    assert "BEFORE False\nAFTER True False\nTrue\n" in out
