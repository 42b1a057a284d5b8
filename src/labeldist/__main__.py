"""``labeldist`` and ``python -m labeldist``: what an interrupt does is settled before anything long is imported."""

# What signal is made of: that imports enum first, which is long enough to be interrupted.
import _signal  # type: ignore[import-not-found]

if _signal.getsignal(_signal.SIGINT) is _signal.default_int_handler:
    _signal.signal(_signal.SIGINT, _signal.SIG_DFL)  # until then it ends the process, without a traceback


def main() -> None:
    """Run the command line."""
    from labeldist.cli import signals, streams

    streams.hold_places()
    signals.install()
    from labeldist.cli.main import main as command

    try:
        command()
    except KeyboardInterrupt:  # at the very end
        signals.leave(signals.status())


if __name__ == "__main__":
    main()
