"""Ways around the second factor that must not be there."""

import re

import pytest
import time_machine
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import TOTP, format_hotp_value, hotp_value
from django.core import mail
from django.test import Client

from ssp.core import clock
from ssp.core.models import User
from ssp.core.roles import Role
from tests.factories.core import UserFactory

pytestmark = pytest.mark.django_db(transaction=True)
PASSWORD = "correct horse battery"
SECRET = "JBSWY3DPEHPK3PXP"


@pytest.fixture(autouse=True)
def mails_stay_here(settings) -> None:
    settings.MAILERS = {"default": {"BACKEND": "django.core.mail.backends.locmem.EmailBackend"}}


def sign_in(client: Client, user: User, password: str = PASSWORD) -> None:
    client.post("/accounts/login/", {"login": user.email, "password": password})


def enrol(client: Client) -> None:
    client.post("/accounts/reauthenticate/", {"password": PASSWORD})
    page = client.get("/accounts/2fa/totp/activate/")
    secret = page.context["form"].secret
    code = format_hotp_value(hotp_value(secret, int(clock.wall().timestamp()) // 30))
    answer = client.post("/accounts/2fa/totp/activate/", {"code": code})
    assert answer.status_code == 302


def is_let_in(client: Client) -> bool:
    return client.get("/admin/").status_code == 200


def test_a_session_opened_with_a_password_alone_ends_when_the_second_factor_is_set_up(empty_cache) -> None:
    director = UserFactory(roles=[Role.DIRECTOR])
    thief, owner = Client(), Client()
    sign_in(thief, director)
    sign_in(owner, director)
    enrol(owner)
    assert is_let_in(owner)
    assert not is_let_in(thief)


def test_a_new_password_from_the_mail_does_not_open_the_admin(client: Client) -> None:
    director = UserFactory(roles=[Role.DIRECTOR])
    TOTP.activate(director, SECRET)
    client.post("/accounts/password/reset/", {"email": director.email})
    (path,) = re.findall(r"/accounts/password/reset/key/\S+", mail.outbox[0].body)
    page = client.get(path)
    client.post(
        page.headers["Location"], {"password1": "an entirely new one", "password2": "an entirely new one"}
    )
    assert not is_let_in(client)
    sign_in(client, director, "an entirely new one")
    assert not is_let_in(client)


def test_turning_the_second_factor_off_asks_for_it_first(client: Client) -> None:
    director = UserFactory(roles=[Role.DIRECTOR])
    TOTP.activate(director, SECRET)
    client.force_login(director, backend="ssp.core.auth.RoleBackend")  # signed in long ago
    client.post("/accounts/2fa/totp/deactivate/")
    assert Authenticator.objects.filter(user=director).exists()


def test_another_address_asks_for_the_password_first(client: Client) -> None:
    partner = UserFactory(roles=[Role.PARTNER])
    client.force_login(partner, backend="ssp.core.auth.RoleBackend")  # signed in long ago
    client.post("/accounts/email/", {"action_add": "", "email": "thief@elsewhere.example"})
    assert not EmailAddress.objects.filter(email="thief@elsewhere.example").exists()


def test_who_is_asked_for_the_code_is_nobody_yet(client: Client) -> None:
    director = UserFactory(roles=[Role.DIRECTOR])
    TOTP.activate(director, SECRET)
    sign_in(client, director)
    for path in (
        "/admin/",
        "/after-sign-in/",
        "/accounts/email/",
        "/accounts/2fa/",
        "/accounts/password/change/",
    ):
        assert client.get(path).status_code == 302, path
        assert "_auth_user_id" not in client.session


@pytest.mark.parametrize("path", ["/accounts/password/reset/", "/accounts/signup/"])
def test_nobody_learns_who_has_an_account(path: str) -> None:
    known = UserFactory().email
    answers = []
    for email in (known, "stranger@people.example"):
        answer = Client().post(
            path, {"email": email, "full_name": "A B", "password1": "an entirely new one"}, follow=True
        )
        answers.append(
            (answer.redirect_chain, answer.status_code, answer.content.replace(email.encode(), b""))
        )
    strip = [
        re.sub(rb'value="[^"]{20,}"|nonce="[^"]*"|[\w.]+@people.example', b"", content)
        for _, _, content in answers
    ]
    assert answers[0][:2] == answers[1][:2]
    assert strip[0] == strip[1]


@pytest.mark.parametrize(
    "elsewhere", ["https://evil.example/", "//evil.example/", "/\\evil.example/", "javascript:alert(1)"]
)
def test_signing_in_leads_nowhere_else(client: Client, elsewhere: str) -> None:
    user = UserFactory()
    answer = client.post("/accounts/login/", {"login": user.email, "password": PASSWORD, "next": elsewhere})
    assert answer.headers["Location"] == "/after-sign-in/"
    back = client.post("/theme/", {"theme": "dark", "next": elsewhere})
    assert back.headers["Location"] == "/"


@pytest.mark.parametrize(("steps_ago", "let_in"), [(0, True), (1, True), (3, False)])
def test_a_code_read_at_the_end_of_its_thirty_seconds_is_taken_an_old_one_is_not(
    steps_ago: int, let_in: bool, client: Client, empty_cache
) -> None:
    director = UserFactory(roles=[Role.DIRECTOR])
    TOTP.activate(director, SECRET)
    sign_in(client, director)
    with time_machine.travel(clock.wall(), tick=False):
        code = format_hotp_value(hotp_value(SECRET, int(clock.wall().timestamp()) // 30 - steps_ago))
        client.post("/accounts/2fa/authenticate/", {"code": code})
    assert is_let_in(client) is let_in
