"""The ``labeldist`` command: finds the command, turns errors into messages and exit statuses."""

from __future__ import annotations

import importlib

import click

from labeldist import __version__
from labeldist.cli import signals
from labeldist.cli.printing import (
    OutputError,
    ReaderGoneError,
    drop_output,
    finish_output,
    guard_streams,
    tell,
    tell_error,
    tell_usage,
)
from labeldist.core.errors import LabeldistError, UsageError
from labeldist.core.registry import did_you_mean

# Name and one line of help; the file of a command is imported when it is called, so that --help is fast.
COMMANDS = {
    "describe": "What a source holds, how much annotators agree, who stands out.",
    "run": "The whole way: explain, select, judge, estimate, evaluate.",
    "explain": "A model lists explanations for each label of each item.",
    "select": "Choose which explanations go before the judge.",
    "judge": "A model judges each item under every order of explanations and options.",
    "estimate": "Combine labels and evidence into a calibrated distribution per item.",
    "evaluate": "Compare distributions with a dense human reference, beside baselines.",
    "report": "A page that shows results: disputed items, how far to trust the numbers; figures.",
    "submission": "Distributions as a file for the Le-Wi-Di shared task.",
    "plan": "Where the next labels, references or model calls help most.",
    "convert": "A source, with what was estimated of it, as a file of any format.",
    "collect": "A project in which people label items or judge explanations, for Potato or Label Studio.",
    "read": "What people answered in such a project, put together with its items.",
    "train": "Fine-tune a classifier on distributions over labels.",
    "predict": "The distributions that a trained classifier gives items.",
    "experiment": "Repeat an analysis of the paper with a model of your choice.",
    "doctor": "What a model can do, and what a run would cost.",
    "tasks": "List the tasks, show one, or begin one of your own.",
    "datasets": "List the named data sets, or fetch one.",
    "models": "List the language models, or show one.",
    "plugins": "List the parts that other installed packages add, and try each.",
}
DONE, FAILED = 0, 1


class Commands(click.Group):
    """A group whose commands are known by name and loaded on demand."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The names, in the order of the work."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of that name; an unknown name is refused with the nearest one."""
        if cmd_name not in COMMANDS:
            raise did_you_mean("command", cmd_name, COMMANDS)
        command: click.Command = importlib.import_module(f"labeldist.cli.commands.{cmd_name}").command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The list in ``--help``, without importing any command."""
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


@click.group(
    cls=Commands,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="Example: labeldist run items.jsonl --out result",
)
@click.version_option(__version__, prog_name="labeldist")
def labeldist() -> None:
    """The distribution of human judgments for each item, from a few labels and a language model.

    A SOURCE is the name of a data set (see: labeldist datasets) or a file of items (JSONL, CSV, Parquet). Results go to
    standard output, progress to standard error. Exit status: 0 done, 1 failed or partly failed, 2 wrong usage or input,
    3 questions wait to be answered (--batch-file), 130 interrupted (143: terminated).
    """


def main(arguments: list[str] | None = None) -> None:
    """Run the command line and exit with its status; errors of the user's making end in a message."""
    guard_streams()
    signals.leave(_status_of(arguments))


def _status_of(arguments: list[str] | None) -> int:
    try:
        with signals.ended_in_order(click.exceptions.Abort):
            status = labeldist.main(arguments, prog_name="labeldist", standalone_mode=False)
            finish_output()
        return status if isinstance(status, int) else DONE
    except ReaderGoneError:
        drop_output()
        return FAILED
    except OutputError as error:
        drop_output()
        tell_error(error)
        return FAILED
    except LabeldistError as error:
        tell_error(error)
        return error.exit_status
    except click.exceptions.Abort:
        tell("error", signals.MESSAGE)
        return signals.status()
    except click.ClickException as error:
        tell_usage(error)
        return UsageError.exit_status
    except MemoryError as error:
        tell("error", f"not enough memory{f': {error}' if str(error) else ''}; what was done is kept")
        return FAILED
    except OSError as error:
        if error.filename is None:  # of a file it says which; --help and --version are click's to print
            drop_output()
            if not isinstance(error, BrokenPipeError):
                tell("error", f"cannot write to standard output: {error.strerror or error}")
        else:
            tell("error", f"{error.filename}: {error.strerror or error}")
        return FAILED
