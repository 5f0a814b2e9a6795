"""The DocuSign stand-in, for every test that needs somebody to sign."""

from collections.abc import Iterator

import pytest

from ssp.docusign.client import SigningService, signing_service
from ssp.sandbox.slack.store import Workspace
from tests.standin import StandIn


@pytest.fixture(scope="session")
def running_standin(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StandIn]:
    standin = StandIn(tmp_path_factory.mktemp("standin"))
    standin.start()
    yield standin
    standin.stop()


@pytest.fixture
def standin(running_standin: StandIn, settings, empty_cache) -> Iterator[StandIn]:
    """The stand-in without faults; the client's settings point at it."""
    settings.DOCUSIGN = running_standin.settings
    yield running_standin
    running_standin.heal()


@pytest.fixture
def slack(running_standin: StandIn, settings) -> Iterator[Workspace]:
    """The workspace at the Slack stand-in, without faults; the bot's token opens it."""
    settings.SLACK = running_standin.slack_settings
    yield running_standin.slack
    running_standin.slack.clear_faults()


@pytest.fixture
def service(standin: StandIn) -> SigningService:
    return signing_service()
