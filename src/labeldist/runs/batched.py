"""Work whose questions go in batches: gone through to collect them, until nothing is left to ask."""

from __future__ import annotations

import logging
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

from labeldist.calls.batches import Batches, Sent
from labeldist.calls.recorded import Recorded
from labeldist.calls.store import Store
from labeldist.core.errors import UnavailableError
from labeldist.models.batch import Batched, Carrier
from labeldist.runs.batch_files import check_file, in_words, read_results, write_questions
from labeldist.runs.stage_report import Progress

logger = logging.getLogger(__name__)
Gather = Callable[[Sequence[Recorded]], None]
Models = Mapping[str, Batched]
# Seconds between two looks at what a provider does.
FIRST_LOOK, LONGEST_LOOK, LONGER = 1.0, 60.0, 1.5


def batches_of(store: Path) -> Path:
    """The file of batches beside a store.

    >>> str(batches_of(Path("out/run.sqlite")))
    'out/run.batches.sqlite'
    """
    return store.with_name(f"{store.stem}.batches.sqlite")


@contextmanager
def in_batches(store: Store, asked: Sequence[Recorded], gather: Gather, progress: Progress) -> Iterator[None]:
    """Have what ``gather`` asks answered in batches, where ``asked`` are models that are asked so; then do the work.

    ``gather`` goes through the work with models that know no more than the store and the results of batches: what they
    lack is collected. It is called again until nothing is lacking. The work itself, done in this context with
    ``asked``, then finds all in the store.

    Raises :class:`~labeldist.runs.batch_files.QuestionsWaitError` where questions have been written to a file, and
    :class:`UnavailableError` where a provider takes no batch.
    """
    models = {one.name: one.model for one in asked if isinstance(one.model, Batched)}
    if not models:
        yield
        return
    with Batches(batches_of(store.file)) as desk:
        _attach(desk, models)
        batch = next(iter(models.values())).batch
        if batch.by_hand:
            check_file(batch.file)
            read_results(desk, batch.results, _any(models).result, must_be_there=batch.file is None)
        while _lacking(store, asked, models, gather, desk):
            if batch.by_hand:
                raise write_questions(desk, batch.file, _any(models).over)
            desk.make()
            _wait(desk, models, progress)
        yield
        desk.finish()


def exhaust(stream: Iterable[object]) -> None:
    """Go through all of it, for what that asks."""
    for _ in stream:
        pass


def _any(models: Models) -> Batched:
    return next(iter(models.values()))


def _attach(desk: Batches, models: Models) -> None:
    """Answer from the desk; what an earlier command asked, and nobody has read, is of this one's budget."""
    for model in models.values():
        model.attach(desk)
    for name, reserved in desk.reserved():
        if name in models:
            models[name].recall(reserved)


def _lacking(store: Store, asked: Sequence[Recorded], models: Models, gather: Gather, desk: Batches) -> bool:
    """Go through the work; whether something is lacking: collected now, or under way."""
    desk.forget_collected()
    with ExitStack() as stack:
        for model in models.values():
            model.gather(True)
            stack.callback(model.gather, False)
        gathering = [stack.enter_context(Recorded(one.model, store)) for one in asked]
        gather(gathering)
    for final, one in zip(asked, gathering, strict=True):
        final.made += one.made
        final.reused -= one.made  # the work will find them in the store, as it would have made them
    return any(True for _ in desk.collected()) or bool(_under_way(desk, models))


def _under_way(desk: Batches, models: Models) -> list[Sent]:
    """The batches of these models; what another command asked of others is not waited for."""
    return [sent for sent in desk.under_way() if sent.model in models]


def _wait(desk: Batches, models: Models, progress: Progress) -> None:
    """Send what is to be sent, and wait until all that is under way has ended."""
    carriers = {sent.model: models[sent.model].carrier() for sent in _under_way(desk, models)}
    told: dict[str, int] = {}
    looks = 0
    while under_way := [_begun(desk, sent, carriers[sent.model]) for sent in _under_way(desk, models)]:
        for sent in under_way:
            done = _looked(desk, sent, carriers[sent.model], models[sent.model], others=len(under_way) - 1)
            progress(f"batch {sent.batch}", max(done - told.get(sent.name, 0), 0), sent.lines)
            told[sent.name] = max(done, told.get(sent.name, 0))
        if _under_way(desk, models):
            time.sleep(min(FIRST_LOOK * LONGER**looks, LONGEST_LOOK))
            looks = min(looks + 1, 100)


def _begun(desk: Batches, sent: Sent, carrier: Carrier) -> Sent:
    """The batch as the provider has it: uploaded and made, where it is not; each step on disk before the next."""
    if sent.step == "waiting":
        return sent
    file = sent.file
    if sent.step == "written" or file is None:
        with tempfile.TemporaryFile() as content:
            desk.write(sent.name, content)
            file = carrier.upload(sent.name, content)
        desk.note(sent.name, "uploaded", file=file)
    # Killed after this, the next command knows that there may be a batch of whose id nobody has heard.
    desk.note(sent.name, "creating")
    batch = carrier.create(file, sent.path, sent.name, perhaps_made=sent.step == "creating")
    desk.note(sent.name, "waiting", batch=batch)
    logger.warning(
        "batch %s has %s questions for %s, and may take 24 hours; interrupted, the same command goes on waiting",
        batch, f"{sent.lines:,}", sent.model,
    )  # fmt: skip
    return sent._replace(step="waiting", file=file, batch=batch)


def _looked(desk: Batches, sent: Sent, carrier: Carrier, model: Batched, *, others: int) -> int:
    """How many questions of a batch are answered, or have failed; results are read when it has ended."""
    assert sent.batch is not None
    found = carrier.progress(sent.batch)
    if not found.over:
        return found.answered + found.failed
    if found.status == "failed":
        _refused(desk, sent, model, found.errors, waits=found.over_limit and others > 0)
        return 0
    lines = (line for file in found.outputs for line in carrier.lines(file))
    done = desk.end(sent.name, map(model.result, lines), f"its batch is {found.status}, without an answer to it")
    for reserved in done.reserved:
        model.give_back(reserved)
    logger.warning("batch %s is %s: %s", sent.batch, found.status, in_words(done))
    return sent.lines


def _refused(desk: Batches, sent: Sent, model: Batched, why: str, *, waits: bool) -> None:
    """A provider does not begin a batch; ``waits``: it may when others of ours have ended."""
    for reserved in desk.drop(sent.name):
        model.give_back(reserved)
    if waits:
        logger.warning("batch %s is asked again when others have ended: %s", sent.batch, why)
        return
    raise UnavailableError(
        f"{sent.model} does not take batch {sent.batch}: {why or 'it does not say why'}",
        hint="nothing of it was answered; the same command asks it anew",
    )
