"""The pages around signing in, the theme, the admin's colours, refusals: rendered as people get them."""

import re
from pathlib import Path

import pytest
from allauth.mfa.totp.internal.auth import TOTP
from django.conf import settings
from django.template.loader import get_template, render_to_string
from django.test import Client
from django.urls import reverse
from django.views.defaults import bad_request, permission_denied, server_error

from ssp.core.models import User
from ssp.core.roles import Role
from tests.factories.core import UserFactory

TEMPLATES = Path(settings.BASE_DIR) / "templates"
INLINE = re.compile(r"<script(?![^>]*\bsrc=)[^>]*>|<style|\sstyle=|\son[a-z]+=[\"']", re.IGNORECASE)
BACKEND = "ssp.core.auth.RoleBackend"


def staff(client: Client, *roles: Role) -> User:
    """Sign in somebody of the team who has a second factor."""
    user = UserFactory(roles=list(roles), full_name="Sofie de Wit")
    TOTP.activate(user, "JBSWY3DPEHPK3PXP")
    client.force_login(user, backend=BACKEND)
    session = client.session
    session["account_authentication_methods"] = [{"method": "password"}, {"method": "mfa", "type": "totp"}]
    session.save()
    return user


@pytest.mark.parametrize(
    "path", sorted(str(file.relative_to(TEMPLATES)) for file in TEMPLATES.rglob("*") if file.is_file())
)
def test_every_template_compiles(path: str) -> None:
    assert get_template(path)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("name", "heading"),
    [
        ("account_login", "Sign in"),
        ("account_signup", "Make your account"),
        ("account_reset_password", "A new password"),
        ("account_reset_password_done", "Check your e-mail"),
        ("account_email_verification_sent", "Check your e-mail"),
        ("account_inactive", "This account is closed"),
    ],
)
def test_pages_before_signing_in_speak_with_our_words(client: Client, name: str, heading: str) -> None:
    page = client.get(reverse(name)).content.decode()

    assert f"<h1>{heading}</h1>" in page
    assert f"<title>{heading} · SeMI Sales Partnership</title>" in page
    assert page.count("<h1") == 1
    assert not INLINE.search(page)


@pytest.mark.django_db
@pytest.mark.parametrize(
    "name",
    ["mfa_index", "account_change_password", "account_email", "account_logout", "account_reauthenticate"],
)
def test_pages_about_ones_own_sign_in_look_like_the_rest(client: Client, name: str) -> None:
    client.force_login(UserFactory(), backend=BACKEND)

    answer = client.get(reverse(name))
    page = answer.content.decode()

    assert answer.status_code == 200
    assert page.count("<h1") == 1
    assert 'href="#main"' in page
    assert not INLINE.search(page)


@pytest.mark.django_db
def test_a_wrong_password_is_summed_up_and_named_in_the_title(client: Client) -> None:
    page = client.post(
        reverse("account_login"), {"login": "who@people.example", "password": "nothing"}
    ).content.decode()

    assert "<title>Error: Sign in ·" in page
    assert "data-focus" in page
    assert 'role="alert"' in page


@pytest.mark.django_db
def test_the_qr_code_is_an_image_that_the_csp_allows(client: Client) -> None:
    client.force_login(UserFactory(), backend=BACKEND)
    client.post(reverse("account_reauthenticate"), {"password": "correct horse battery"})

    answer = client.get(reverse("mfa_activate_totp"))
    page = answer.content.decode()

    assert 'src="data:image/svg+xml;base64,' in page
    assert "data:" in answer.headers["Content-Security-Policy"].split("img-src")[1].split(";")[0]
    assert 'class="input" id="id_code"' in page
    assert not INLINE.search(page)


# --- the theme --------------------------------------------------------------
@pytest.mark.django_db
@pytest.mark.parametrize(("choice", "theme"), [("light", "paper"), ("dark", "ink")])
def test_a_chosen_theme_is_kept_and_rendered_by_the_server(client: Client, choice: str, theme: str) -> None:
    answer = client.post(reverse("core:theme"), {"theme": choice, "next": "/accounts/login/"})

    assert answer.headers["Location"] == "/accounts/login/"
    assert answer.cookies["theme"]["httponly"]
    assert f'data-theme="{theme}"' in client.get("/accounts/login/").content.decode()


@pytest.mark.django_db
def test_system_follows_the_system_again(client: Client) -> None:
    client.post(reverse("core:theme"), {"theme": "dark"})
    client.post(reverse("core:theme"), {"theme": "system"})

    assert "data-theme" not in client.get("/accounts/login/").content.decode()


@pytest.mark.django_db
def test_a_made_up_theme_never_reaches_the_page(client: Client) -> None:
    client.cookies["theme"] = '"><script>'

    page = client.get("/accounts/login/").content.decode()

    assert "data-theme" not in page
    assert "<script>" not in page


@pytest.mark.parametrize("elsewhere", ["https://evil.example/", "//evil.example", "javascript:alert(1)", ""])
def test_choosing_a_theme_leads_nowhere_else(client: Client, elsewhere: str) -> None:
    answer = client.post(reverse("core:theme"), {"theme": "dark", "next": elsewhere})

    assert answer.headers["Location"] == "/"


def test_looking_at_the_theme_address_changes_nothing(client: Client) -> None:
    assert client.get(reverse("core:theme")).status_code == 405


def test_the_theme_switch_needs_the_pages_own_token() -> None:
    answer = Client(enforce_csrf_checks=True).post(reverse("core:theme"), {"theme": "dark"})

    assert answer.status_code == 403
    assert "take that form" in answer.content.decode()


# --- the admin --------------------------------------------------------------
@pytest.mark.django_db
def test_the_admin_wears_our_colours_and_our_theme(client: Client) -> None:
    staff(client, Role.DIRECTOR)
    client.cookies["theme"] = "dark"

    page = client.get(reverse("admin:index")).content.decode()

    assert "dist/admin.css" in page
    assert "theme-ink" in page
    assert "Sofie de Wit" in page
    assert "admin/js/theme.js" not in page
    assert not INLINE.search(page)


def test_each_theme_has_every_token_of_the_other() -> None:
    themes = (Path(settings.BASE_DIR) / "static/src/themes.css").read_text().split("@plugin")[1:]
    paper, ink = (set(re.findall(r"--[\w-]+(?=:)", block)) for block in themes)

    assert paper == ink


# --- refusals ---------------------------------------------------------------
@pytest.mark.django_db
def test_a_page_that_is_not_there_says_what_to_do_next(client: Client) -> None:
    answer = client.get("/there-is-no-such-page/")

    assert answer.status_code == 404
    assert "find that page" in answer.content.decode()


def test_other_refusals_have_pages_that_need_no_database(rf) -> None:
    request = rf.get("/")

    assert b"may not open this page" in permission_denied(request, PermissionError()).content
    assert b"read that request" in bad_request(request, ValueError()).content
    assert b"wrong on our side" in server_error(request).content


# --- mails ------------------------------------------------------------------
def test_a_mail_has_one_column_one_button_and_says_why() -> None:
    context = {"activate_url": "https://ssp.example/confirm?a=1&b=2"}

    html = render_to_string("account/email/email_confirmation_message.html", context)
    text = render_to_string("account/email/email_confirmation_message.txt", context)

    assert 'href="https://ssp.example/confirm?a=1&amp;b=2"' in html
    assert html.count('class="button"') == 1
    assert "<img" not in html
    assert "https://ssp.example/confirm?a=1&b=2" in text
    assert "\n\n\n" not in text
    assert "You get this because" in text
    assert "You get this because" in html
