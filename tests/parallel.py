"""Two workers share a test run: each gets a queue and a cache of its own, as it gets its database.

Loaded as a plugin, before anything reads Django's settings. Tests that start a whole installation stay
together, so that it is started once; the longest groups are handed out first.
"""

import os
from pathlib import Path

import pytest
from xdist.remote import Producer
from xdist.scheduler import LoadScopeScheduling

from tests.queues import a_queue

FIRST = 10  # queues below are for the tests that ask for one by its number
TOGETHER = {
    "functional/test_pages.py": "pages",  # as long as all that is under "site": each worker takes one
    "functional": "site",
    "test_stack.py": "stack",
    "test_deployment.py": "deployment",
}

if worker := os.environ.get("PYTEST_XDIST_WORKER"):
    number = FIRST + 2 * int(worker.removeprefix("gw"))
    own = {"REDIS_URL": a_queue(number)["REDIS_URL"], "CACHE_URL": a_queue(number + 1)["CACHE_URL"]}
    os.environ.update(own)


class Groups(LoadScopeScheduling):
    """Hands out a group of tests at once, and any other test by itself; the group of most tests first.

    What `--dist=loadgroup` did by marks, until pytest 9.2 took no more changes of a test's id from xdist 3.8
    (pytest-dev/pytest-xdist#1386): since then it groups nothing, and says nothing.
    """

    def _split_scope(self, nodeid: str) -> str:
        return group_of(Path(nodeid.partition("::")[0])) or nodeid


@pytest.hookimpl(optionalhook=True)  # without xdist there is nothing to hand out
def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> Groups:
    return Groups(config, log)


def group_of(path: Path) -> str:
    """Return the group of tests that one worker runs, or nothing: any worker may run it."""
    named = f"{path.parent.name}/{path.name}"
    return next((group for part, group in TOGETHER.items() if part in named), "")
