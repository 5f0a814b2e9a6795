"""A real browser against the whole site."""

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, sync_playwright

from tests.functional.people import Person
from tests.running import Installation, a_free_port


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    """Debian's Chromium (or what CHROMIUM names), which sees no network but this machine.

    Its event loop ends with this package: Django refuses to talk to the database while one is running,
    and the same worker goes on with tests that do.
    """
    path = os.environ.get("CHROMIUM") or next(
        (found for name in ("chromium", "google-chrome") if (found := shutil.which(name))), None
    )
    assert path, "No Chromium: run ./dev test, which brings one, or set CHROMIUM to its path."
    arguments = [
        "--disable-gpu",
        "--disable-quic",
        "--no-first-run",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
        "--force-color-profile=srgb",
    ]
    if os.geteuid() == 0:
        arguments.append("--no-sandbox")
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=path, args=arguments)
        yield started
        started.close()


@pytest.fixture(scope="module")
def site() -> Iterator[Installation]:
    """The site with its demo story, shared by the tests of a module: each uses people of its own.

    A module that moves the site's clock or tells a story of its own leaves no trace in the next one's.
    """
    with tempfile.TemporaryDirectory(prefix="ssp-test-") as directory:
        Path(directory).chmod(0o711)  # the account of the embedded PostgreSQL passes through
        running = Installation(Path(directory) / "state", port=a_free_port())
        running.start()
        yield running
        running.stop()


@pytest.fixture
def person(site: Installation, browser: Browser) -> Iterator[Callable[..., Person]]:
    """Somebody at a browser of their own."""
    contexts: list[BrowserContext] = []

    def sits_down(*, width: int = 1280, height: int = 900) -> Person:
        context = browser.new_context(
            base_url=site.url,
            viewport={"width": width, "height": height},
            locale="en-GB",
            reduced_motion="reduce",  # axe measures colours, not the way between two of them
        )
        context.set_default_timeout(15_000)
        contexts.append(context)
        return Person(site=site, page=context.new_page())

    yield sits_down
    for context in contexts:
        context.close()
