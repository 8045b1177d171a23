"""`python -m api`: serve the door with uvicorn until SIGTERM; open requests get time to end."""

import uvicorn

from api.main import create_door
from core.logs import configure
from core.settings import settings

GRACE_SECONDS = 8  # for open requests at the end; live streams are told to come back
KEEP_ALIVE_SECONDS = 15  # an idle connection is closed after
BACKLOG = 512


def main() -> None:
    """Serve one process. Bodies are capped in time by `api.body`; slow headers cost one socket each and no thread."""
    configure()
    uvicorn.run(
        create_door(),
        host=settings().host,
        port=settings().port,
        log_config=None,
        access_log=False,
        server_header=False,
        date_header=True,
        proxy_headers=False,
        timeout_keep_alive=KEEP_ALIVE_SECONDS,
        timeout_graceful_shutdown=GRACE_SECONDS,
        h11_max_incomplete_event_size=64 << 10,
        http="h11",
        backlog=BACKLOG,
    )


if __name__ == "__main__":
    main()
