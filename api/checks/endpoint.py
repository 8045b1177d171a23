"""An endpoint as a request names it: an address that may be asked, a secret that is there."""

from sqlalchemy.orm import Session

from core.configs.teacher import ModelConfig
from core.outgoing.guard import Guard
from core.outgoing.place import place
from core.queries import secrets


def check_endpoint(session: Session, project_id: str, config: ModelConfig, *, at: str) -> None:
    """`at` heads every `param`, such as `teacher.`. Its model is a name of the endpoint's own: only it knows that.

    Raises BadInput for an address that is none or is closed, UnknownName for a secret that is not stored. What a host's
    name stands for is looked at by whoever connects to it.
    """
    param = f"{at}base_url"
    Guard().check_literal(place(str(config.base_url), param=param), param=param)
    secrets.check(session, project_id, config.secret, param=f"{at}secret")
