"""The doorbell: a Celery message that says "look". It carries ids that nobody relies on; the ledger says what to do."""

from collections.abc import Iterable
from functools import cache

from celery import Celery
from kombu.exceptions import KombuError
from redis.exceptions import RedisError

from core.errors import Unavailable
from core.settings import settings
from core.states import Queue

LOOK = "burnish.look"
TIMEOUTS = {"socket_timeout": 5, "socket_connect_timeout": 3}
ONE_TRY = {"max_retries": 1, "interval_start": 0}  # whoever rings has other work; the bell is rung again later


@cache
def app() -> Celery:
    """The Celery application; no result backend, JSON only, early acknowledgement."""
    url = settings().broker_url
    if url is None:
        raise Unavailable("BURNISH_BROKER_URL is not set; `burnish up` starts an embedded Valkey and sets it.")
    bell = Celery("burnish", broker=celery_url(url))
    bell.conf.update(
        task_serializer="json",
        accept_content=["json"],
        task_ignore_result=True,
        task_acks_late=False,
        worker_disable_prefetch=True,
        worker_hijack_root_logger=False,
        worker_enable_remote_control=False,
        broker_connection_retry_on_startup=True,
        broker_connection_max_retries=None,
        broker_transport_options={
            "visibility_timeout": 300,
            "unacked_restore_interval": 5,
            "unacked_restore_throttle": 1,
            "socket_keepalive": True,
            "health_check_interval": 25,
            **TIMEOUTS,
        },
        task_routes={f"{LOOK}.{queue}": {"queue": str(queue)} for queue in Queue},
    )
    return bell


def celery_url(url: str) -> str:
    """Kombu's spelling of a Unix-socket URL (`unix://` becomes `redis+socket://`)."""
    return url.replace("unix://", "redis+socket://", 1)


def ring(queue: Queue, ids: Iterable[int]) -> None:
    """One message for each shard. Raises Unavailable when the broker refuses, is full, or does not answer in time."""
    try:
        with app().connection_for_write() as connection:
            connection.transport_options = {**connection.transport_options, **ONE_TRY}
            for id in ids:
                app().send_task(f"{LOOK}.{queue}", args=[id], queue=str(queue), connection=connection, retry=False)
    except (OSError, KombuError, RedisError) as error:
        raise Unavailable(f"The broker does not take messages: {error}.") from error
