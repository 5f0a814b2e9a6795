"""The Slack stand-in's page on the sandbox, and where it doesn't run. In development only."""

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.test import Client

from ssp.sandbox import serve
from ssp.sandbox.slack.store import NEWS, Workspace, path_in
from ssp.sandbox.stack import environment
from ssp.sandbox.stack.state import State

pytestmark = pytest.mark.django_db
PAGE = "/sandbox/slack/"


@pytest.fixture
def workspace(settings, tmp_path) -> Workspace:
    settings.STATE_DIR = tmp_path
    return Workspace(path_in(tmp_path))


def test_messages_people_and_invitations_are_shown(client: Client, workspace: Workspace) -> None:
    workspace.put_in(NEWS, workspace.add_user("ines@people.example", "Ines Marchetti"))
    workspace.add_invite(NEWS, "karl@people.example")
    workspace.add_message(NEWS, {"blocks": [{"text": {"text": "<b>Leila</b> is new."}}]})

    page = client.get(PAGE).content.decode()

    assert "&lt;b&gt;Leila&lt;/b&gt; is new." in page
    assert "Ines Marchetti" in page
    assert "Accept as karl@people.example" in page


def test_an_invitation_is_accepted(client: Client, workspace: Workspace) -> None:
    number = workspace.add_invite(NEWS, "karl@people.example")

    client.post(f"{PAGE}invites/{number}/")

    assert workspace.user(email="karl@people.example")["id"] in workspace.members(NEWS)


def test_a_fault_is_switched_on_counted_down_and_taken_back(client: Client, workspace: Workspace) -> None:
    client.post(f"{PAGE}faults/", {"name": "outage", "times": "1"})

    assert [workspace.strikes("outage"), workspace.strikes("outage")] == [True, False]
    client.post(f"{PAGE}faults/", {"name": "outage", "times": "-1"})
    client.post(f"{PAGE}faults/", {"clear": "yes"})
    assert workspace.faults() == {}


@pytest.mark.parametrize("wrong", [{"name": "earthquake"}, {"name": "outage", "times": "x"}])
def test_a_fault_nobody_knows_is_refused(client: Client, workspace: Workspace, wrong: dict[str, str]) -> None:
    assert client.post(f"{PAGE}faults/", wrong).status_code == 400


def test_production_runs_no_stand_in() -> None:
    with pytest.raises(ImproperlyConfigured):
        serve.check({"SSP_ENV": "production"})


@pytest.mark.parametrize("named", [True, False])
def test_a_slack_that_the_person_named_is_left_alone(tmp_path, named: bool) -> None:
    env = {"PORT": "8000", **({"SLACK_BOT_TOKEN": "xoxb-theirs"} if named else {})}

    environment.add_sandbox(env, State(tmp_path))

    assert env["SLACK_BOT_TOKEN"] == ("xoxb-theirs" if named else "xoxb-sandbox-1")
    assert ("SLACK_API_URL" in env) is not named
