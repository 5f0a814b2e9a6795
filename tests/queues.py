"""Queues of one's own on the test run's Redis. Imports nothing that reads Django's settings."""

import os


def a_queue(number: int) -> dict[str, str]:
    """Return REDIS_URL and CACHE_URL of a queue of one's own on the test run's Redis, by its number."""
    queue, cache = os.environ["REDIS_URL"], os.environ["CACHE_URL"]
    if queue.startswith("redis+socket:"):
        own = {"REDIS_URL": f"{queue.split('?')[0]}?virtual_host={number}"}
    else:
        own = {"REDIS_URL": f"{queue.rsplit('/', 1)[0]}/{number}"}
    if "?db=" in cache:
        return own | {"CACHE_URL": f"{cache.split('?')[0]}?db={number}"}
    return own | {"CACHE_URL": f"{cache.rsplit('/', 1)[0]}/{number}"}
