"""`python -m api`: serve the door with uvicorn until SIGTERM; open requests get time to end."""

import sys

import uvicorn

from api.main import create_app, create_door
from core.logs import configure
from core.settings import settings

GRACE_SECONDS = 8  # for open requests at the end; live streams are told to come back
KEEP_ALIVE_SECONDS = 15  # an idle connection is closed after
MAX_HEADER_BYTES = 64 << 10
BACKLOG = 512


def main() -> None:
    """Serve one process. Bodies are capped in time by `api.body`; slow headers cost one socket each and no thread."""
    configure()
    app = create_app()
    server = uvicorn.Server(
        uvicorn.Config(
            create_door(app),
            host=settings().host,
            port=settings().port,
            log_config=None,
            access_log=False,
            server_header=False,
            proxy_headers=False,
            timeout_keep_alive=KEEP_ALIVE_SECONDS,
            timeout_graceful_shutdown=GRACE_SECONDS,
            h11_max_incomplete_event_size=MAX_HEADER_BYTES,
            http="h11",
            backlog=BACKLOG,
        )
    )
    app.state.streams.ending = lambda: server.should_exit
    server.run()
    if not server.started:
        sys.exit(1)


if __name__ == "__main__":
    main()
