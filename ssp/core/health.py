"""Is it alive, and can it work? `/readyz` really asks PostgreSQL, Redis and a worker."""

import secrets
import time
from collections.abc import Callable

import structlog
from celery import current_app
from django.core.cache import cache
from django.db import connection
from django.http import HttpRequest, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

log = structlog.get_logger(__name__)
WORKER_ANSWERS_WITHIN = 3
REMEMBERED = 3  # seconds
LATELY, SILENT, ASKED = "worker-answered", "worker-silent", "worker-asked"


def answer(key: str) -> None:
    """Called by a worker: leave the answer where the probe looks for it."""
    cache.set(key, "pong", timeout=REMEMBERED)


def ask_database() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")


def ask_redis() -> None:
    key = f"ready-{secrets.token_hex(8)}"
    cache.set(key, "1", timeout=10)
    if cache.get(key) != "1":
        raise RuntimeError("the cache forgot")


def ask_worker() -> None:
    """Ask a worker, at most once every few seconds.

    Whoever asks us often shall neither fill the queue nor keep our processes waiting.
    """
    if cache.get(LATELY):
        return
    if cache.get(SILENT):
        raise TimeoutError("no worker answered a moment ago")
    if cache.add(ASKED, "1", timeout=WORKER_ANSWERS_WITHIN):
        current_app.send_task("ssp.core.tasks.ping", kwargs={"key": LATELY}, retry=False, expires=10)
    deadline = time.monotonic() + WORKER_ANSWERS_WITHIN
    while cache.get(LATELY) != "pong":
        if time.monotonic() > deadline:
            cache.set(SILENT, "1", timeout=REMEMBERED)
            raise TimeoutError("no worker answered")
        time.sleep(0.02)
    cache.delete(ASKED)


CHECKS: dict[str, Callable[[], None]] = {"database": ask_database, "redis": ask_redis, "worker": ask_worker}


@require_safe
@never_cache
def healthz(request: HttpRequest) -> JsonResponse:
    """The process answers; says nothing about what it needs."""
    return JsonResponse({"status": "ok"})


@require_safe
@never_cache
def readyz(request: HttpRequest) -> JsonResponse:
    """200 when PostgreSQL, Redis and a worker answered, else 503 naming what didn't."""
    found: dict[str, str] = {}
    for name, ask in CHECKS.items():
        try:
            ask()
            found[name] = "ok"
        except Exception as failure:  # any reason makes it not ready; the log has the type
            log.warning("readyz.failed", part=name, error=type(failure).__name__)
            found[name] = "failed"
    ready = set(found.values()) == {"ok"}
    return JsonResponse({"status": "ok" if ready else "failed", **found}, status=200 if ready else 503)
