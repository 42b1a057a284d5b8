"""``server:MODEL@URL``: a language model behind any server that speaks OpenAI's protocol.

The way of a question: ``model`` gives many to ``parallel``, which asks several at a time; ``asking`` sends one until it
is answered, within the budget (``adaptive``: how many at a time, ``patience``: how long to wait); ``connection`` is one
request, its errors mapped (``failures``); ``reply`` reads the answer without its ``thoughts``, ``listing`` the tokens
that it lists (``token_bytes``), ``scores`` what both say of the options. ``identity`` finds out first who answers,
``probe`` what the server can do (``trying`` asks), and ``taken`` what it takes; ``tokens`` knows which token ids mean
which answer, ``endpoint`` and ``key`` where to ask, and as whom. ``batched`` lets the same questions go in batches
(``batch_lines``), which ``provider`` sends.
"""

from __future__ import annotations

from labeldist.core.errors import MissingExtraError
from labeldist.models.base import LanguageModel
from labeldist.models.open import Backend, ModelOptions
from labeldist.models.server.endpoint import read_endpoint


def _open(argument: str, options: ModelOptions) -> LanguageModel:
    endpoint = read_endpoint(argument)
    try:
        import openai  # noqa: F401
    except ImportError as error:
        raise MissingExtraError("model 'server'", "server") from error
    if options.batch is not None:
        from labeldist.models.server.batched import open_batched

        return open_batched(endpoint, options)
    from labeldist.models.server.model import open_server

    return open_server(endpoint, options)


BACKEND = Backend(
    "server:MODEL@URL", "a model behind an OpenAI-compatible server (vLLM, OpenAI, and others)", _open, runs_on="server"
)
