"""The page around the table: rows for htmx, columns, saved views, rows that are ticked."""

import re
from datetime import timedelta
from importlib import import_module
from unittest.mock import Mock

import pytest
from django.apps import apps
from django.test import Client
from django.urls import reverse

from referrals.models import Referral
from ssp.core.models import AuditEntry, User
from ssp.core.roles import Role
from ssp.dashboard import services
from ssp.dashboard.models import SavedView
from tests.factories.core import UserFactory
from tests.factories.referrals import active_partner, registered, sales_lead, seller
from tests.integration.dashboard.test_desk import signed_in
from tests.moments import MONDAY

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("at_monday")]
HOME = "/desk/"


@pytest.fixture
def tom() -> User:
    return seller()


@pytest.fixture
def desk(tom: User) -> Client:
    return signed_in(tom)


@pytest.fixture
def finance() -> Client:
    return signed_in(UserFactory(roles=[Role.FINANCE]))


def names(page: str) -> list[str]:
    return re.findall(r'<th scope="row"><a [^>]*>([^<]*)</a>', page)


# --- rows -----------------------------------------------------------------------------
def test_htmx_gets_the_rows_alone_and_the_address_they_have(desk: Client) -> None:
    registered(last_name="Pohl", company_name="Halden Retail")
    registered(last_name="Novak", company_name="Danubia")

    answer = desk.get(HOME, {"q": "halden", "seller": "", "sort": "ends"}, headers={"HX-Request": "true"})

    assert "<html" not in answer.text
    assert names(answer.text) == ["Mila Pohl"]
    assert answer.headers["HX-Push-Url"] == "/desk/?q=halden"
    assert "HX-Request" in answer.headers["Vary"]


def test_going_back_in_htmx_s_history_gets_the_whole_page(desk: Client) -> None:
    headers = {"HX-Request": "true", "HX-History-Restore-Request": "true"}
    assert "<html" in desk.get(HOME, headers=headers).text


def test_next_goes_on_where_the_page_ended(desk: Client) -> None:
    for n in range(27):
        registered(at=MONDAY - timedelta(days=27 - n), last_name=f"P{n:02}")

    first = desk.get(HOME, {"q": "mila"})
    following = desk.get(first.context["next_url"].split("#")[0])

    assert names(first.text) + names(following.text) == [f"Mila P{n:02}" for n in range(27)]
    assert "25 of the 27 that match" in first.text
    assert following.context["first_url"] == "/desk/?q=mila#introductions"
    assert following.context["next_url"] == ""


def test_chosen_columns_are_shown_and_no_others(desk: Client) -> None:
    registered(title="Head of Search")
    page = desk.get(HOME, {"col": ["role", "registered"]}).text
    assert "Head of Search" in page
    assert "Expected, net</a>" not in page


def test_a_head_sorts_upwards_then_downwards(desk: Client) -> None:
    registered()
    page = desk.get(HOME, {"sort": "company", "q": "mila"}).text
    assert 'aria-sort="ascending"' in page
    assert 'href="/desk/?q=mila&amp;sort=-company#introductions"' in page


# --- saved views ----------------------------------------------------------------------
def save(client: Client, name: str = "Mine", **said: str) -> SavedView:
    client.post(reverse("desk:view_save"), {"name": name, "stage": "won", "sort": "-company", **said})
    return SavedView.objects.latest("pk")


def test_a_view_is_saved_and_opens_what_was_filtered(desk: Client) -> None:
    view = save(desk)
    page = desk.get(HOME, QUERY_STRING=view.query)
    assert view.query == "stage=won&sort=-company"
    assert page.context["filters"].stage == "won"
    assert 'aria-current="true">Mine' in page.text


def test_a_view_keeps_no_words_that_may_be_a_persons_name(desk: Client) -> None:
    """Nobody would remember to delete it when Mila objects (invariant 14)."""
    assert "not kept" in desk.get(HOME, {"q": "Mila Novak"}).text
    view = save(desk, q="Mila Novak")
    assert view.query == "stage=won&sort=-company"


def test_views_saved_before_forget_their_words(desk: Client) -> None:
    view = save(desk)
    SavedView.objects.filter(pk=view.pk).update(query="view=all&q=Mila+Novak&col=ends&col=stage")
    import_module("ssp.dashboard.migrations.0002_views_keep_no_words").forget_words(apps, Mock())
    view.refresh_from_db()
    assert view.query == "view=all&col=ends&col=stage"


def test_a_view_is_renamed_and_deleted_by_its_owner(desk: Client) -> None:
    view = save(desk)
    desk.post(reverse("desk:view_change", args=[view.pk]), {"name": "  Halden  first "})
    view.refresh_from_db()
    assert view.name == "Halden first"
    desk.post(reverse("desk:view_delete", args=[view.pk]))
    desk.post(reverse("desk:view_delete", args=[view.pk]))
    assert not SavedView.objects.exists()


def test_a_view_is_its_owners_until_it_is_shared(desk: Client, finance: Client) -> None:
    view = save(desk, "Alone")
    assert "Alone" not in finance.get(HOME).text
    assert finance.post(reverse("desk:view_delete", args=[view.pk])).status_code == 404

    desk.post(reverse("desk:view_change", args=[view.pk]), {"name": "Alone", "shared": "1"})
    assert "Alone" in finance.get(HOME).text
    finance.post(reverse("desk:view_delete", args=[view.pk]))
    finance.post(reverse("desk:view_change", args=[view.pk]), {"name": "Taken"})
    view.refresh_from_db()
    assert (view.name, view.is_shared) == ("Alone", True)


def test_a_sales_lead_tidies_up_what_is_shared(desk: Client) -> None:
    view = save(desk, shared="1")
    signed_in(sales_lead()).post(reverse("desk:view_delete", args=[view.pk]))
    assert not SavedView.objects.exists()


@pytest.mark.parametrize(("name", "said"), [("mine", "already"), (" \x00 ", "Give the view a name")])
def test_a_name_is_needed_and_used_once_per_person(desk: Client, name: str, said: str) -> None:
    save(desk, "Mine")
    answer = desk.post(reverse("desk:view_save"), {"name": name}, follow=True)
    assert said in answer.text
    assert SavedView.objects.count() == 1


def test_there_is_room_for_some_views_only(desk: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(services, "VIEWS_AT_MOST", 1)
    save(desk, "One")
    assert (
        "Delete one that you don’t use"
        in desk.post(reverse("desk:view_save"), {"name": "Two"}, follow=True).text
    )


# --- many at once ------------------------------------------------------------------------
def assign(client: Client, to: User, *people: Referral, **said: str) -> str:
    form = {"new_seller": str(to.pk), "row": [str(each.pk) for each in people], **said}
    return client.post(reverse("desk:table_assign"), form, follow=True).text


def test_ticked_people_get_another_seller_with_their_colleagues(desk: Client, tom: User) -> None:
    root, other = registered(), registered()
    colleague = Referral.objects.create(
        root=root,
        passed_on_by=root,
        internal_slot=1,
        partner=root.partner,
        company=root.company,
        identity="c",
        registered_at=MONDAY,
        registered_on=MONDAY.date(),
        registered_by=tom,
    )
    page = assign(desk, tom, colleague, other, q="mila")

    sellers = set(Referral.objects.values_list("seller", flat=True))
    assert sellers == {tom.pk}
    assert "Tom Brandt is responsible for 2 people now." in page
    assert 'value="mila"' in page  # back where one was
    assert AuditEntry.objects.filter(action="referral.seller_assigned", by=tom).count() == 2


def test_pressed_twice_it_says_that_they_were_theirs_already(desk: Client, tom: User) -> None:
    person = registered()
    assign(desk, tom, person)
    assert "1 was theirs already" in assign(desk, tom, person)
    assert AuditEntry.objects.filter(action="referral.seller_assigned").count() == 1


@pytest.mark.clause("C1")
def test_nobody_gets_what_they_brought_in_and_the_others_are_assigned(desk: Client, tom: User) -> None:
    own = registered(active_partner(), last_name="Own")
    User.objects.filter(pk=own.partner.user_id).update(email=tom.email.replace("@", "+partner@"))
    other = registered()

    page = assign(desk, tom, own, other)

    own.refresh_from_db()
    other.refresh_from_db()
    assert (own.seller, other.seller) == (None, tom)
    assert "Some rows couldn’t be assigned" in page
    assert "is the partner of this introduction" in page


def test_only_somebody_of_sales_is_responsible(desk: Client) -> None:
    person = registered()
    assert "Choose somebody from the sales team." in assign(desk, UserFactory(roles=[Role.FINANCE]), person)
    person.refresh_from_db()
    assert person.seller is None


def test_finance_reads_and_assigns_nobody(finance: Client, tom: User) -> None:
    person = registered()
    assert "Assign seller" not in finance.get(HOME).text
    answer = finance.post(reverse("desk:table_assign"), {"row": person.pk, "new_seller": tom.pk})
    assert answer.status_code == 403


@pytest.mark.parametrize("said", [{}, {"row": "1"}, {"row": "x", "new_seller": "9" * 30}, {"row": "99999"}])
def test_nothing_is_changed_where_nothing_is_chosen(desk: Client, said: dict[str, str]) -> None:
    person = registered()
    assert desk.post(reverse("desk:table_assign"), said, follow=True).status_code == 200
    person.refresh_from_db()
    assert person.seller is None
