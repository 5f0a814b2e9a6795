"""The sandbox process: stand-ins for DocuSign (OAuth over TLS, API and pages over HTTP) and Slack (API over
HTTP), and the mailbox.

`python -m ssp.sandbox.serve`, told by SSP_STATE, SANDBOX_OAUTH_PORT, SANDBOX_API_PORT, SANDBOX_SMTP_PORT and
PORT.
"""

import os
import signal
import ssl
import sys
import threading
from collections.abc import Mapping
from pathlib import Path
from types import FrameType
from typing import Any

from django.core.exceptions import ImproperlyConfigured
from django.core.handlers.wsgi import WSGIHandler
from django.core.servers.basehttp import ThreadedWSGIServer, WSGIRequestHandler

from ssp.sandbox.docusign import envelopes, site, standin
from ssp.sandbox.keys import ensure_keys
from ssp.sandbox.mailbox import Mailbox, serve_smtp
from ssp.sandbox.slack import api as slack

TICK_SECONDS = 2.0


class Handler(WSGIRequestHandler):
    """Django's own, which also hands the connection over, so that a fault can cut it."""

    def get_environ(self) -> dict[str, Any]:
        environ: dict[str, Any] = super().get_environ()
        environ["sandbox.connection"] = self.connection
        if isinstance(self.connection, ssl.SSLSocket):
            environ["HTTPS"] = "on"
        return environ

    def log_message(self, format: str, *args: Any) -> None:
        """Say calls in a word: who asked is always ourselves."""
        if not self.path.startswith(("/static/", "/healthz")):
            print(f"{self.command} {self.path.split('?')[0]} {args[1] if len(args) > 1 else ''}", flush=True)


class Server(ThreadedWSGIServer):
    """A server for a handful of visitors; threads end with the process."""

    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A visitor who went away, or didn't like our certificate, is no error of ours."""
        if not isinstance(sys.exception(), OSError):
            super().handle_error(request, client_address)


def listen(port: int, *, tls: ssl.SSLContext | None = None) -> Server:
    """Return a server on a loopback port, not yet running."""
    server = Server(("127.0.0.1", port), Handler)
    if tls:
        # The handshake happens in the visitor's own thread, so that one who stalls keeps nobody waiting.
        server.socket = tls.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    server.set_app(WSGIHandler())
    return server


def check(environment: Mapping[str, str]) -> None:
    """:raises ImproperlyConfigured: somebody tries this in production."""
    if environment.get("SSP_ENV") not in {"development", "test"}:
        raise ImproperlyConfigured("The sandbox runs in development and test only.")


def main() -> int:
    """Serve until told to stop."""
    check(os.environ)
    state = Path(os.environ["SSP_STATE"])
    oauth_port, api_port, smtp_port = (
        int(os.environ[f"SANDBOX_{name}_PORT"]) for name in ("OAUTH", "API", "SMTP")
    )
    ensure_keys(state, oauth_port=oauth_port, api_port=api_port, web_port=int(os.environ.get("PORT", "8000")))
    site.configure()
    stand = standin.from_environment()
    standin.install(stand)
    workspace = slack.install(state)
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(stand.keys.tls_cert, stand.keys.tls_key)

    smtp = serve_smtp(Mailbox(state), port=smtp_port)
    servers = [listen(oauth_port, tls=tls), listen(api_port)]
    for server in servers:
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.1}, daemon=True).start()
    stand.connect.start()
    print(f"ready: DocuSign stand-in at {stand.base_uri}, mail on port {smtp_port}", flush=True)

    stopping = threading.Event()

    def stop(number: int, frame: FrameType | None) -> None:
        stopping.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, stop)
    while not stopping.wait(TICK_SECONDS):
        envelopes.do_what_is_due(stand)  # whoever moves the clock sees reminders and expiries at once
    for server in servers:
        server.shutdown()
        server.server_close()
    smtp.stop()
    stand.stop()
    workspace.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
