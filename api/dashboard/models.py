"""Models to choose from in a form."""

from typing import Any

from api.auth import Caller
from api.deps import Paging
from api.routes.models import list_models
from core.settings import settings

MOST = Paging(None, 100)


def model_choices(caller: Caller) -> dict[str, Any]:
    """Those there are, by what they can do, and those that are used where none is named."""
    models = list_models(caller, MOST).data
    return {
        "causal": [model for model in models if model.kind in ("causal", "adapter")],
        "classifiers": [model for model in models if model.kind == "classifier"],
        "defaults": settings(),
    }
