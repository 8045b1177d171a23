"""Whether a run may tell its numbers where it is asked to."""

from core.configs.reporting import ReportingConfig
from core.errors import BadInput
from core.settings import settings


def check_reporting(config: ReportingConfig) -> None:
    """Raises BadInput for a place that the operator has not opened."""
    opened = settings().reporters
    for place, name in enumerate(config.to):
        if name not in opened:
            raise BadInput(
                f"Runs here may not report to {name!r} (opened: {', '.join(opened) or 'none'}). Leave it out, or ask "
                "the operator to name it in BURNISH_REPORTERS.",
                param=f"reporting.to.{place}",
            )
