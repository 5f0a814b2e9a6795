"""A partner's own profile: theirs to fill in, show, hide, preview and take off the list (C16)."""

import contextlib
import threading
from typing import Any

import pytest
from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret
from django.db import IntegrityError, connection
from django.test import Client

from partners.errors import PartnershipNotStarted
from partners.models import Partner, Profile, ProfileAddress
from partners.services import profiles
from partners.services.profiles import open_profile, save_profile, set_listing
from ssp.core import audit
from ssp.core.models import AuditEntry
from ssp.core.roles import Role
from tests.factories.core import UserFactory
from tests.factories.partners import ApplicantFactory, PartnerFactory, ended
from tests.factories.profiles import LEILA, details, give_photo, listed_partner
from tests.integration.referrals.conftest import signed_in
from tests.moments import MONDAY

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.clause("C16"),
    pytest.mark.usefixtures("at_monday", "empty_cache"),
]
TYPED = {
    "display_name": "Leila Haddad",
    "company": "Haddad & Co",
    "city": "Brussels",
    "country": "BE",
    "headline": "Insurance and banking",
    "about": "Twenty years.",
    "languages": "French, Arabic, English",
    "topics": "claims, policies , claims",
    "website": "haddad.example",
    "linkedin": "",
    "email": "leila@haddad.example",
    "phone": "+32 2 555 01 23",
    "show_headline": "on",
    "show_languages": "on",
}


@pytest.fixture
def leila() -> Partner:
    partner = PartnerFactory(user__full_name="Leila Haddad", country="BE")
    open_profile(partner=partner, at=MONDAY)
    return partner


def test_what_the_consent_covers_is_the_name_and_the_country(leila: Partner) -> None:
    assert leila.profile.shown == ["country"]


def test_opening_twice_changes_nothing(leila: Partner) -> None:
    open_profile(partner=leila, at=MONDAY)

    assert ProfileAddress.objects.count() == 1


def test_a_partner_saves_what_they_typed(client: Client, leila: Partner) -> None:
    page = signed_in(leila).post("/profile/", TYPED, follow=True)

    saved = Profile.objects.get()
    assert "Your profile is saved" in page.text
    assert (saved.languages, saved.topics) == (["fr", "ar", "en"], ["claims", "policies"])
    assert saved.website == "https://haddad.example"
    assert saved.shown == ["headline", "languages"]


def test_a_preview_shows_what_was_typed_and_saves_nothing(client: Client, leila: Partner) -> None:
    page = signed_in(leila).post("/profile/", {**TYPED, "preview": "yes"}).text

    preview = page[page.index('id="preview"') :]
    assert "Insurance and banking" in preview
    assert "French, Arabic, English" in preview
    assert "555 01 23" not in preview
    assert Profile.objects.get().headline == ""


def test_the_preview_is_the_public_page(client: Client) -> None:
    leila = listed_partner(**LEILA)
    body = client.get("/partners/leila-haddad/").text
    public = body[body.index("Twenty years") : body.index("</dl>")]

    assert public in signed_in(leila).get("/profile/").text


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ({"languages": "French, Klingonish"}, "We don&#x27;t know the language “Klingonish”."),
        ({"website": "javascript:alert(1)"}, "Enter a web address"),
        ({"linkedin": "https://linkedin.com.evil.example/in/leila"}, "This isn&#x27;t on linkedin.com."),
        ({"phone": "<b>call me</b>"}, "Enter a phone number"),
        ({"email": "leila"}, "Enter a valid email address"),
        ({"display_name": " "}, "Fill this in."),
        ({"country": "XX"}, "Select a valid choice"),
        ({"topics": ", ".join(f"topic {n}" for n in range(13))}, "Name twelve topics at most."),
    ],
)
def test_a_mistake_is_told_and_nothing_is_saved(leila: Partner, typed: dict[str, str], said: str) -> None:
    page = signed_in(leila).post("/profile/", {**TYPED, **typed}).text

    assert said in page
    assert Profile.objects.get().headline == ""


def test_the_audit_names_what_changed_and_never_what_it_is(leila: Partner) -> None:
    signed_in(leila).post("/profile/", TYPED)

    entry = AuditEntry.objects.get(action="profile.saved")
    assert entry.data["shown"] == "headline,languages"
    assert "Brussels" not in str(entry.data)


def test_saving_the_same_again_writes_nothing(leila: Partner) -> None:
    portal = signed_in(leila)
    portal.post("/profile/", TYPED)
    portal.post("/profile/", TYPED)

    assert AuditEntry.objects.filter(action="profile.saved").count() == 1


def test_consent_is_taken_back_and_given_again_with_its_moments(client: Client, leila: Partner) -> None:
    portal = signed_in(leila)

    portal.post("/profile/listing/", {"listed": "no"})
    hidden = client.get("/partners/leila-haddad/").status_code
    portal.post("/profile/listing/", {"listed": "no"})
    portal.post("/profile/listing/", {"listed": "yes"})

    assert (hidden, client.get("/partners/leila-haddad/").status_code) == (404, 200)
    trail = audit.trail(leila).filter(action__startswith="partner.listing")
    assert [e.action for e in trail] == ["partner.listing_given", "partner.listing_withdrawn"]


def test_a_get_changes_no_consent_and_no_photo(leila: Partner) -> None:
    portal = signed_in(leila)

    addresses = ("/profile/listing/", "/profile/photo/", "/profile/photo/remove/")
    assert [portal.get(address).status_code for address in addresses] == [405, 405, 405]


def left(partner: Partner) -> Partner:
    ended(partner, at=MONDAY)
    return partner


def test_after_the_end_nothing_is_changed_but_what_takes_away(leila: Partner) -> None:
    give_photo(leila)
    portal = signed_in(left(leila))

    page = portal.post("/profile/", TYPED).text
    portal.post("/profile/photo/remove/")

    assert "Your partnership has ended" in page
    profile = Profile.objects.get()
    assert (profile.headline, hasattr(profile, "photo")) == ("", False)


@pytest.mark.parametrize("make", [ApplicantFactory, lambda: left(PartnerFactory())])
def test_who_is_no_partner_now_keeps_no_profile_and_is_not_listed(make: Any) -> None:
    partner = make()

    with pytest.raises(PartnershipNotStarted):
        save_profile(partner=partner, details=details(display_name="X"), shown=[], by=partner.user, at=MONDAY)
    Partner.objects.filter(pk=partner.pk).update(listing_consent=False)
    with pytest.raises(PartnershipNotStarted):
        set_listing(partner=partner, listed=True, by=partner.user, at=MONDAY)


def test_a_partner_sees_nobody_elses_photo(leila: Partner) -> None:
    give_photo(leila)

    assert signed_in(listed_partner("Karl Jensen")).get("/profile/photo/large/").status_code == 404


# --- in the admin -----------------------------------------------------------------
def act(role: Role, profile: Profile) -> Any:
    user = UserFactory(roles=[role])
    TOTP.activate(user, generate_totp_secret())
    client = Client()
    client.force_login(user, backend="ssp.core.auth.RoleBackend")
    data = {"action": "take_off", "_selected_action": [profile.pk]}
    return client.post("/admin/partners/profile/", data, follow=True)


def test_a_director_takes_somebody_off_and_the_audit_names_them(client: Client) -> None:
    leila = listed_partner(**LEILA)

    page = act(Role.DIRECTOR, leila.profile).text

    assert "1 partner is off the directory." in page
    assert "555 01 23" not in page
    assert client.get("/partners/leila-haddad/").status_code == 404
    assert audit.trail(leila).first().by.has_role(Role.DIRECTOR)


def test_finance_takes_nobody_off(client: Client) -> None:
    leila = listed_partner(**LEILA)

    assert act(Role.FINANCE, leila.profile).status_code == 403
    assert client.get("/partners/leila-haddad/").status_code == 200


# --- two at once ------------------------------------------------------------------
def open_at_once(partners: list[Partner], monkeypatch: pytest.MonkeyPatch) -> list[BaseException]:
    """Let both find the address free before either takes it."""
    barrier, real = threading.Barrier(len(partners)), profiles._move_to
    raised: list[BaseException] = []

    def move(*args: Any, **options: Any) -> object:
        with contextlib.suppress(threading.BrokenBarrierError):
            barrier.wait(timeout=2)
        return real(*args, **options)

    def run(partner: Partner) -> None:
        try:
            open_profile(partner=partner, at=MONDAY)
        except Exception as problem:
            raised.append(problem)
        finally:
            connection.close()

    monkeypatch.setattr(profiles, "_move_to", move)
    threads = [threading.Thread(target=run, args=(partner,)) for partner in partners]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=30)
    return raised


@pytest.mark.django_db(transaction=True)
def test_two_of_one_name_at_once_get_two_addresses(monkeypatch: pytest.MonkeyPatch) -> None:
    partners = [PartnerFactory(user__full_name="Jan Smit") for _ in range(2)]

    raised = open_at_once(partners, monkeypatch)

    assert raised == []
    assert set(ProfileAddress.objects.values_list("slug", flat=True)) == {"jan-smit", "jan-smit-2"}


@pytest.mark.django_db(transaction=True)
def test_without_a_second_try_one_of_the_two_would_have_none(monkeypatch: pytest.MonkeyPatch) -> None:
    partners = [PartnerFactory(user__full_name="Jan Smit") for _ in range(2)]
    monkeypatch.setattr(profiles, "ADDRESS_TAKEN", "some other constraint")

    (lost,) = open_at_once(partners, monkeypatch)

    assert isinstance(lost, IntegrityError)
