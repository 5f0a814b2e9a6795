"""`manage.py docusign_check` tells an operator in words what works, and what doesn't."""

import io
import threading
import uuid
from collections.abc import Iterator
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from django.core.management import CommandError, call_command
from django.core.servers.basehttp import (
    ThreadedWSGIServer,
    WSGIRequestHandler,
    get_internal_wsgi_application,
)

from ssp.docusign.checkup import callback_url
from ssp.docusign.models import ConnectEvent
from tests.standin import StandIn


def run() -> str:
    """Return what the command prints, with how it ended as its last line."""
    out = io.StringIO()
    try:
        call_command("docusign_check", stdout=out, no_color=True)
    except CommandError as ended:
        return f"{out.getvalue()}{ended}"
    return out.getvalue()


@pytest.fixture(scope="module")
def web() -> Iterator[str]:
    """Our own web process, in a thread: what the check asks of it needs no database."""
    server = ThreadedWSGIServer(("127.0.0.1", 0), QuietHandler)
    server.daemon_threads = True
    server.set_app(get_internal_wsgi_application())
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


class QuietHandler(WSGIRequestHandler):
    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing."""


@pytest.fixture
def configured(standin: StandIn, settings, web: str) -> Any:
    """The settings of the stand-in and of a web process that runs; change one thing and run."""
    settings.DOCUSIGN = dict(standin.settings)
    settings.SITE_URL = web
    return settings


def wrong(said: str) -> list[str]:
    return [line.split()[1].rstrip(":") for line in said.splitlines() if line.startswith("WRONG")]


def test_when_all_is_well_it_says_so(configured: Any) -> None:
    said = run()

    assert wrong(said) == []
    assert said.count("ok  ") == 8
    assert said.endswith("Contracts can be sent and signed.\n")


@pytest.mark.django_db
def test_it_leaves_nothing_behind(standin: StandIn, configured: Any) -> None:
    before = standin.envelope_ids()
    run()

    assert standin.envelope_ids() == before
    assert ConnectEvent.objects.count() == 0


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("INTEGRATION_KEY", "", "DOCUSIGN_INTEGRATION_KEY is empty"),
        ("USER_ID", "contracts@semi.example", "DOCUSIGN_USER_ID isn't an id"),
        ("OAUTH_HOST", "https://account.docusign.com/", "DOCUSIGN_OAUTH_HOST is a host name alone"),
        ("PRIVATE_KEY", "-----BEGIN RSA PRIVATE KEY-----", "DOCUSIGN_PRIVATE_KEY can't be read"),
    ],
)
def test_a_setting_that_can_not_be_right_is_named(configured: Any, name: str, value: str, says: str) -> None:
    configured.DOCUSIGN[name] = value
    said = run()

    assert says in said
    assert "Settings" in wrong(said)
    assert "skipped  DocuSign" in said


def test_a_missing_consent_comes_with_the_address_to_give_it(standin: StandIn, configured: Any) -> None:
    standin.fail("consent_required")
    said = run()

    assert wrong(said) == ["Consent"]
    assert f"https://{configured.DOCUSIGN['OAUTH_HOST']}/oauth/auth?response_type=code" in said
    assert configured.DOCUSIGN["INTEGRATION_KEY"] in said


def test_a_user_docusign_does_not_know(configured: Any) -> None:
    configured.DOCUSIGN["USER_ID"] = str(uuid.uuid4())
    said = run()

    assert wrong(said) == ["Credentials"]
    assert "doesn't know DOCUSIGN_USER_ID" in said


def test_a_private_key_of_another_integration(configured: Any) -> None:
    other = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    configured.DOCUSIGN["PRIVATE_KEY"] = other.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.TraditionalOpenSSL,
        serialization.NoEncryption(),
    ).decode()
    said = run()

    assert wrong(said) == ["Credentials"]
    assert "DOCUSIGN_PRIVATE_KEY doesn't belong to DOCUSIGN_INTEGRATION_KEY" in said


def test_an_outage_is_called_one(standin: StandIn, configured: Any) -> None:
    standin.fail("outage", times=-1)
    said = run()

    assert wrong(said) == ["Credentials"]
    assert "No answer from" in said


def test_an_account_of_somebody_else(configured: Any) -> None:
    configured.DOCUSIGN["ACCOUNT_ID"] = str(uuid.uuid4())
    said = run()

    assert "Account" in wrong(said)
    assert "SeMI (sandbox)" in said


def test_an_api_that_does_not_answer_as_it_should(standin: StandIn, configured: Any) -> None:
    standin.fail("rate_limit", times=-1)

    assert wrong(run()) == ["API"]


def test_without_an_hmac_key_callbacks_are_refused(configured: Any) -> None:
    configured.DOCUSIGN["HMAC_KEYS"] = []

    assert {"Settings", "HMAC"} <= set(wrong(run()))


def test_a_callback_address_that_is_not_https(configured: Any) -> None:
    configured.SITE_URL = "http://partners.example.com"
    said = run()

    assert wrong(said) == ["Callback"]
    assert "isn't https" in said


def test_a_callback_address_that_nobody_serves(configured: Any) -> None:
    configured.DOCUSIGN["CONNECT_URL"] = "http://127.0.0.1:9/docusign/connect/"
    said = run()

    assert wrong(said) == ["Callback"]
    assert "can't be reached" in said


def test_a_callback_address_that_is_another_page(configured: Any, web: str) -> None:
    configured.DOCUSIGN["CONNECT_URL"] = f"{web}/healthz"
    said = run()

    assert wrong(said) == ["Callback"]


def test_a_callback_address_that_takes_anything(standin: StandIn, configured: Any) -> None:
    configured.DOCUSIGN["CONNECT_URL"] = f"{standin.url}/flush/"
    said = run()

    assert wrong(said) == ["Callback"]


def test_a_web_process_with_other_keys(configured: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ssp.docusign.views.webhooks.is_signed", lambda *args, **keys: False)
    monkeypatch.setattr("ssp.docusign.checkup._signatures", lambda: iter(()))
    said = run()

    assert wrong(said) == ["Callback"]
    assert "runs with other keys" in said


def test_envelopes_that_ask_for_callbacks_are_told_apart(configured: Any, web: str) -> None:
    configured.DOCUSIGN["CONNECT_URL"] = f"{web}/docusign/connect/"

    assert callback_url() == f"{web}/docusign/connect/"
    assert "each envelope asks for it" in run()
