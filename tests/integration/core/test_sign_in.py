"""Staff work with two factors; the admin has no door of its own."""

import pytest
from allauth.mfa.adapter import get_adapter
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import TOTP
from django.db import IntegrityError, transaction
from django.test import Client

from ssp.core.roles import Role
from tests.factories.core import UserFactory

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("path", ["/admin/", "/desk/"])
def test_staff_without_a_second_factor_are_led_to_setting_one_up(client: Client, path: str) -> None:
    client.force_login(UserFactory(roles=[Role.SALES, Role.DIRECTOR]), backend="ssp.core.auth.RoleBackend")
    answer = client.get(path)
    assert answer.status_code == 302
    assert answer.headers["Location"].startswith("/accounts/2fa/totp/activate/")


def test_a_password_alone_does_not_open_the_admin(client: Client) -> None:
    director = UserFactory(roles=[Role.DIRECTOR])
    TOTP.activate(director, "JBSWY3DPEHPK3PXP")
    client.post("/accounts/login/", {"login": director.email, "password": "correct horse battery"})
    assert client.get("/admin/").status_code == 302  # the code is still asked for


def test_the_admins_own_sign_in_leads_to_ours(client: Client) -> None:
    assert "/accounts/login/" in client.get("/admin/login/", follow=True).redirect_chain[-1][0]


def test_totp_secrets_are_encrypted_at_rest() -> None:
    user = UserFactory()
    TOTP.activate(user, "JBSWY3DPEHPK3PXP")
    stored = Authenticator.objects.get(user=user).data["secret"]
    assert "JBSWY3DPEHPK3PXP" not in stored
    assert get_adapter().decrypt(stored) == "JBSWY3DPEHPK3PXP"


@pytest.mark.parametrize("role", [Role.SALES, Role.FINANCE, Role.PARTNER])
def test_the_staff_list_is_for_administrators_alone(client: Client, role: Role) -> None:
    user = UserFactory(roles=[role], is_superuser=True)  # a superuser has no way around roles
    TOTP.activate(user, "JBSWY3DPEHPK3PXP")
    client.force_login(user, backend="ssp.core.auth.RoleBackend")
    assert client.get("/admin/core/user/").status_code in {302, 403}


def test_an_address_is_one_account_whatever_its_case() -> None:
    UserFactory(email="jo@people.example")
    with pytest.raises(IntegrityError), transaction.atomic():
        UserFactory(email="JO@people.example")


@pytest.mark.parametrize("path", ["/accounts/signup/", "/accounts/password/reset/"])
def test_a_mail_server_that_is_down_is_said_and_not_an_error_page(
    client: Client, settings, path: str
) -> None:
    nobody = {
        "BACKEND": "django.core.mail.backends.smtp.EmailBackend",
        "OPTIONS": {"host": "127.0.0.1", "port": 1},
    }
    settings.MAILERS = {"default": nobody}
    page = client.post(
        path,
        {"email": "jo@people.example", "full_name": "Jo", "password1": "an entirely new one"},
        follow=True,
    )
    assert page.status_code == 200
    assert "We can&#x27;t send mail just now" in page.content.decode()
