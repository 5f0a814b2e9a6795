"""The stand-in's Connect speaks to our webhook over HTTP: twice, late, out of order, or not at all."""

from collections.abc import Iterator

import pytest

from ssp.docusign.client import SigningService, signing_service
from ssp.docusign.models import ConnectEvent
from tests.running import eventually
from tests.standin import StandIn, free_ports, post


@pytest.fixture(scope="module")
def telling_standin(live_server, tmp_path_factory) -> Iterator[StandIn]:
    """A stand-in that calls the live server."""
    standin = StandIn(tmp_path_factory.mktemp("telling"), connect_url=f"{live_server.url}/docusign/connect/")
    standin.start()
    yield standin
    standin.stop()


@pytest.fixture
def standin(telling_standin: StandIn, live_server, settings, empty_cache) -> Iterator[StandIn]:
    settings.DOCUSIGN = telling_standin.settings
    yield telling_standin
    telling_standin.heal()


def told(standin: StandIn, envelope_id: str) -> list[str]:
    """Wait until Connect has nothing more to say, and return what was heard, in order."""
    eventually(
        lambda: all(each.outcome for each in standin.callbacks(envelope_id)), what="the callbacks", within=60
    )
    events = ConnectEvent.objects.filter(envelope_id=envelope_id).order_by("pk")
    return [event.event for event in events if event.event.startswith("envelope-")]


def test_a_signature_is_heard_of_step_by_step(standin: StandIn, service: SigningService, envelope_id) -> None:
    standin.sign(envelope_id)

    assert told(standin, envelope_id) == ["envelope-sent", "envelope-delivered", "envelope-completed"]


def test_recipients_are_heard_of_too(standin: StandIn, service: SigningService, envelope_id) -> None:
    standin.decline(envelope_id, "No")
    told(standin, envelope_id)
    heard = set(ConnectEvent.objects.filter(envelope_id=envelope_id).values_list("event", flat=True))

    assert {"recipient-sent", "recipient-delivered", "recipient-declined", "envelope-declined"} <= heard


def test_a_void_is_heard_of(standin: StandIn, service: SigningService, envelope_id) -> None:
    service.void(envelope_id, reason="New terms")

    assert told(standin, envelope_id) == ["envelope-sent", "envelope-voided"]


def test_what_comes_twice_is_kept_once(standin: StandIn, sending) -> None:
    standin.fail("callbacks_twice", times=-1)
    envelope_id = signing_service().send_envelope(**sending)
    heard = told(standin, envelope_id)

    assert len(standin.callbacks(envelope_id)) == 4
    assert heard == ["envelope-sent"]


def test_the_end_may_be_heard_of_first(standin: StandIn, sending) -> None:
    standin.fail("callbacks_reversed", times=-1)
    envelope_id = signing_service().send_envelope(**sending)
    standin.sign(envelope_id)

    assert told(standin, envelope_id)[0] == "envelope-completed"


def test_a_forged_callback_is_refused(standin: StandIn, sending) -> None:
    standin.fail("callbacks_forged", times=-1)
    envelope_id = signing_service().send_envelope(**sending)
    heard = told(standin, envelope_id)

    assert heard == []
    assert {each.outcome for each in standin.callbacks(envelope_id)} == {"401"}


def test_silence_leaves_the_truth_to_be_asked_for(standin: StandIn, sending) -> None:
    standin.fail("callbacks_none", times=-1)
    service = signing_service()
    envelope_id = service.send_envelope(**sending)
    standin.sign(envelope_id)

    assert told(standin, envelope_id) == []
    assert service.get_status(envelope_id).state == "completed"


def test_a_late_callback_can_be_hurried(standin: StandIn, sending) -> None:
    standin.fail("callbacks_late", times=-1)
    envelope_id = signing_service().send_envelope(**sending)
    queued = standin.callbacks(envelope_id)
    assert post(f"{standin.url}/flush/", {}) == 200

    assert told(standin, envelope_id) == ["envelope-sent"]
    assert all(
        now.due_at < then.due_at for now, then in zip(standin.callbacks(envelope_id), queued, strict=True)
    )


def test_what_nobody_took_is_told_again_when_somebody_listens(
    standin: StandIn, live_server, tmp_path, sending, settings
) -> None:
    """The stand-in forgets nothing: neither an absent application nor its own death stops a callback."""
    deaf = StandIn(tmp_path, connect_url=f"http://127.0.0.1:{free_ports(1)[0]}/")
    settings.DOCUSIGN = deaf.settings
    deaf.start()
    envelope_id = signing_service().send_envelope(**sending)
    deaf.sign(envelope_id)
    eventually(lambda: any(each.attempts for each in deaf.callbacks(envelope_id)), what="a try that failed")
    deaf.stop(number=9)
    deaf.connect_url = f"{live_server.url}/docusign/connect/"
    deaf.start()
    try:
        assert told(deaf, envelope_id) == ["envelope-sent", "envelope-delivered", "envelope-completed"]
    finally:
        deaf.stop()
