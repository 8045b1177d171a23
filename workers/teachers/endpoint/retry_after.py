"""How long an endpoint asks to be left alone."""

import math
import re
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

MOST = 3600.0  # seconds; whoever asks for more is asked again after an hour


def seconds_in(header: str | None, *, now: datetime | None = None) -> float | None:
    """The seconds of a Retry-After header, from a number or an HTTP date; None for anything else."""
    if header is None:
        return None
    text = header.strip()
    if re.fullmatch(r"[0-9]{1,9}(\.[0-9]{1,6})?", text):
        return min(float(text), MOST)
    try:
        moment = parsedate_to_datetime(text)
    except ValueError:
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    seconds = (moment - (now or datetime.now(UTC))).total_seconds()
    return min(max(seconds, 0.0), MOST) if math.isfinite(seconds) else None
