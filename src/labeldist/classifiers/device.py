"""Where a classifier computes."""

from __future__ import annotations

from labeldist.core.errors import UsageError


def chosen_device(device: str) -> str:
    """``auto`` as ``cuda`` where torch finds a GPU and ``cpu`` elsewhere; anything else as it is, if it works.

    Raises :class:`UsageError` for a device on which torch cannot compute.

    >>> chosen_device("cpu")
    'cpu'
    """
    import torch

    if device == "auto":
        return "cuda" if torch.cuda.is_available() else "cpu"
    try:
        torch.zeros(1, device=device).cpu()
    except Exception as error:  # each kind of device fails with a kind of error of its own
        reason = (str(error).splitlines() or [type(error).__name__])[0]
        raise UsageError(
            f"torch cannot compute on device {device!r}: {reason}",
            hint="use --device cpu, or cuda where torch finds a GPU",
        ) from error
    return device
