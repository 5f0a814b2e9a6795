"""The sandbox page: clock, mailbox, codes. In development only."""

import os
import re
import subprocess
import sys
from datetime import timedelta
from email.message import EmailMessage
from pathlib import Path

import pytest
from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret
from django.test import Client

from ssp.core import clock
from ssp.core.periods import AMSTERDAM
from ssp.sandbox.clock import MovableClock
from ssp.sandbox.codes import current_codes
from ssp.sandbox.mailbox import Mailbox
from tests.factories.core import UserFactory
from tests.running import ROOT, clean_environment

pytestmark = pytest.mark.django_db


@pytest.fixture
def movable(settings, tmp_path: Path):
    """The application's clock, movable, on a state directory of the test's own."""
    settings.STATE_DIR = tmp_path
    movable = MovableClock(tmp_path)
    clock.install(movable.now)
    yield movable
    clock.install(clock.wall)


@pytest.fixture
def mailbox(movable: MovableClock, tmp_path: Path) -> Mailbox:
    return Mailbox(tmp_path)


@pytest.fixture
def name(mailbox: Mailbox) -> str:
    """A mail with a link, an HTML part that tries things, and an attachment."""
    message = EmailMessage()
    message["Subject"] = "Confirm: <b>Joanna</b>"
    message["From"] = "partners@semi.example"
    message["To"] = "host@semi.example"
    message.set_content("Open http://testserver/confirm/abc/ to answer.\n")
    message.add_alternative(
        "<p style='color:red'>Open <a href='/x/'>it</a><script>x()</script></p>", subtype="html"
    )
    message.add_attachment(
        b"BEGIN:VCALENDAR", maintype="text", subtype="calendar", filename='in"vi\u00efte.ics'
    )
    return mailbox.keep(message.as_bytes(), recipients=["host@semi.example"])


# --- the clock -------------------------------------------------------------------


@pytest.mark.parametrize(
    ("step", "moved"),
    [
        ("hour", timedelta(hours=1)),
        ("day", timedelta(days=1)),
        ("week", timedelta(days=7)),
        ("month", timedelta(days=31)),
    ],
)
def test_a_button_moves_the_clock(client: Client, movable: MovableClock, step: str, moved: timedelta) -> None:
    answer = client.post("/sandbox/clock/", {"step": step})

    assert answer.status_code == 302
    assert movable.offset() == moved
    assert abs(clock.now() - clock.wall() - moved) < timedelta(seconds=5)


def test_the_clock_moves_to_a_moment_in_amsterdam(client: Client, movable: MovableClock) -> None:
    wanted = (clock.wall() + timedelta(days=40)).astimezone(AMSTERDAM).replace(second=0, microsecond=0)
    client.post("/sandbox/clock/", {"moment": f"{wanted:%Y-%m-%dT%H:%M}"})

    assert timedelta(0) <= clock.now() - wanted < timedelta(seconds=5)


@pytest.mark.parametrize(
    ("moment", "said"),
    [("2020-01-01T10:00", "only moves forward"), ("soon", "Write a date"), ("", "Say when")],
)
def test_a_moment_that_cannot_be_is_refused_in_words(
    client: Client, movable: MovableClock, moment: str, said: str
) -> None:
    answer = client.post("/sandbox/clock/", {"moment": moment})

    assert answer.status_code == 422
    assert said in answer.text
    assert movable.offset() == timedelta(0)


def test_the_page_tells_the_applications_time(client: Client, movable: MovableClock) -> None:
    movable.advance(timedelta(days=31))
    page = client.get("/sandbox/").text
    (shown,) = re.findall(r'<time datetime="([^"]+)" data-clock>', page)

    assert shown[:10] == f"{clock.today():%Y-%m-%d}"


# --- the mailbox -----------------------------------------------------------------


def test_the_page_lists_mail_and_narrows_it(client: Client, name: str) -> None:
    everything = client.get("/sandbox/").text
    theirs = client.get("/sandbox/", {"to": "host@"}).text
    others = client.get("/sandbox/", {"to": "nobody@"}).text

    assert f'href="/sandbox/mail/{name}/">Confirm: &lt;b&gt;Joanna&lt;/b&gt;</a>' in everything
    assert f"/sandbox/mail/{name}/" in theirs
    assert f"/sandbox/mail/{name}/" not in others
    assert "No mail fits" in others


def test_a_mails_links_can_be_pressed(client: Client, name: str) -> None:
    page = client.get(f"/sandbox/mail/{name}/").text

    assert '<a href="http://testserver/confirm/abc/"' in page
    assert "<script>x()" not in page
    assert f'src="/sandbox/mail/{name}/html/"' in page


def test_a_mails_html_is_shut_in(client: Client, name: str) -> None:
    answer = client.get(f"/sandbox/mail/{name}/html/")
    policy = answer.headers["Content-Security-Policy"]

    assert "default-src 'none'" in policy
    assert "script-src" not in policy
    assert "sandbox allow-top-navigation-by-user-activation" in policy
    assert answer.headers["X-Frame-Options"] == "SAMEORIGIN"
    assert '<base target="_top">' in answer.text


def test_an_attachment_is_downloaded_under_a_harmless_name(client: Client, name: str) -> None:
    answer = client.get(f"/sandbox/mail/{name}/attachments/1/")

    assert answer.content == b"BEGIN:VCALENDAR"
    assert answer.headers["Content-Type"].startswith("text/calendar")
    assert answer.headers["Content-Disposition"] == 'attachment; filename="in_vi_te.ics"'


@pytest.mark.parametrize("path", ["mail/nothing/", "mail/nothing/html/", "mail/nothing/source/"])
def test_a_mail_that_is_not_there_is_not_found(client: Client, movable: MovableClock, path: str) -> None:
    assert client.get(f"/sandbox/{path}").status_code == 404


def test_an_attachment_that_is_not_there_is_not_found(client: Client, name: str) -> None:
    assert client.get(f"/sandbox/mail/{name}/attachments/2/").status_code == 404


def test_the_source_is_shown_as_text(client: Client, name: str) -> None:
    answer = client.get(f"/sandbox/mail/{name}/source/")

    assert answer.headers["Content-Type"] == "text/plain; charset=utf-8"
    assert b"Content-Type: multipart/mixed" in answer.content


# --- codes -----------------------------------------------------------------------


def test_the_code_on_the_page_is_the_one_the_phone_shows(client: Client, movable: MovableClock) -> None:
    user = UserFactory(full_name="Bram de Jong")
    totp = TOTP.activate(user, generate_totp_secret())
    movable.advance(timedelta(days=31))
    (code,) = current_codes(at=clock.wall())
    page = client.get("/sandbox/").text

    assert totp.validate_code(code.code)
    assert re.search(rf'<code data-code-of="{re.escape(user.email)}">\d{{6}}</code>', page)
    assert 0 < code.seconds_left <= 30


# --- never in production ---------------------------------------------------------


@pytest.mark.parametrize(("env", "sandbox"), [("production", "on"), ("production", "off")])
def test_production_refuses_the_sandbox(env: str, sandbox: str, tmp_path: Path) -> None:
    """With it, production doesn't start; without it, the pages don't exist."""
    secrets = dict.fromkeys(("SECRET_KEY", "IDENTITY_HASH_KEY", "FIELD_ENCRYPTION_KEY"), "x" * 50)
    code = (
        "import django; django.setup(); from django.urls import resolve\n"
        "try: resolve('/sandbox/')\n"
        "except Exception as e: print(type(e).__name__)"
    )
    ran = subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        env=clean_environment()
        | secrets
        | {
            "SSP_ENV": env,
            "SSP_SANDBOX": sandbox,
            "SSP_STATE": str(tmp_path),
            "SSP_ENV_FILE": os.devnull,
            "DJANGO_SETTINGS_MODULE": "ssp.settings",
        },
        capture_output=True,
        text=True,
        check=False,
    )

    if sandbox == "on":
        assert ran.returncode != 0
        assert "ImproperlyConfigured" in ran.stderr
    else:
        assert ran.stdout.strip() == "Resolver404"


def test_the_process_refuses_production_too() -> None:
    ran = subprocess.run(
        [sys.executable, "-c", "from ssp.sandbox.serve import check; check({'SSP_ENV': 'production'})"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )

    assert ran.returncode != 0
    assert "ImproperlyConfigured" in ran.stderr
