"""How long an interrupt waits for what is under way."""

from __future__ import annotations

# Seconds for requests under way when somebody interrupts: what comes by then is kept, the rest is given up.
GRACE = 5.0
