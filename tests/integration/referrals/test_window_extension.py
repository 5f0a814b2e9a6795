"""One director may extend a window once, by 1 to 3 months from its original end (C2)."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret
from django.core import mail
from django.db import DatabaseError, IntegrityError, transaction
from django.test import Client
from django.urls import reverse
from icalendar import Calendar

from commissions.models import Commission
from referrals.errors import (
    ClosedWindow,
    ExtenderEarns,
    ExtendsOwnWindow,
    ExtensionAfterCause,
    ExtensionNeedsDirector,
    ExtensionNeedsReason,
    ExtensionOfALostDeal,
    ExtensionTooLong,
    NothingToExtend,
    NoWindowToExtend,
    WindowExtendedAlready,
)
from referrals.models import UseCase, UseCaseOutcome, WindowExtension
from referrals.services.deadlines import remind_of_deadlines
from referrals.services.deals import lose_deal, win_deal
from referrals.services.windows import extend_window
from ssp.core.errors import DomainError
from ssp.core.models import AuditEntry, OutboxMessage, User
from ssp.core.periods import at_local
from ssp.core.roles import Role
from tests.factories.commissions import a_won_deal, an_invoice, happens
from tests.factories.core import UserFactory
from tests.factories.partners import PartnerFactory, ended
from tests.factories.referrals import (
    active_partner,
    confirmed_warm,
    director,
    extended,
    registered,
    seller,
    use_case,
)
from tests.integration.referrals.conftest import SetClock, deliver_all, signed_in
from tests.moments import MONDAY

pytestmark = [pytest.mark.django_db, pytest.mark.clause("C2")]
WHY = "Their budget moved to the new year."


def grant(case: UseCase, by: User, *, months: int = 1, reason: str = WHY) -> WindowExtension:
    return extend_window(use_case=case, months=months, reason=reason, by=by, at=MONDAY + timedelta(days=30))


def by_sql(case: UseCase, by: User, *, months: int = 1, reason: str = WHY) -> None:
    """Write the row past the service."""
    with transaction.atomic():
        WindowExtension.objects.create(
            use_case=case, months=months, reason=reason, director=by, granted_at=MONDAY
        )


def at_desk(user: User) -> Client:
    client = Client()
    client.force_login(user, backend="ssp.core.auth.RoleBackend")
    TOTP.activate(user, generate_totp_secret())
    return client


# --- which day ------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("met", "months", "last_on"),
    [
        (datetime(2026, 8, 31, 9, tzinfo=UTC), 1, date(2027, 3, 28)),  # from 28 February, not from the 31st
        (datetime(2027, 8, 31, 9, tzinfo=UTC), 1, date(2028, 3, 29)),  # a leap year
        (datetime(2026, 9, 28, 9, tzinfo=UTC), 3, date(2027, 6, 28)),  # its end is the day DST begins
        (datetime(2026, 12, 1, 23, 30, tzinfo=UTC), 2, date(2027, 8, 2)),  # 00:30 on 2 December
    ],
)
def test_the_new_last_day_counts_from_the_original_end(met: datetime, months: int, last_on: date) -> None:
    case = confirmed_warm(starts_at=met)

    extended(case, months=months, at=met + timedelta(days=300))  # not from the day it is granted

    case.refresh_from_db()
    assert (case.window_ends_on, case.extended_months) == (last_on, months)


@pytest.mark.parametrize("days", [-1, 0, 1, 40])
def test_before_and_after_lapse_the_extension_is_the_same(days: int) -> None:
    case = confirmed_warm()

    extended(case, at=at_local(case.window_ends_on, MONDAY.time()) + timedelta(days=days))  # type: ignore[arg-type]

    case.refresh_from_db()
    assert case.window_ends_on == date(2027, 6, 25)


# --- what it earns ---------------------------------------------------------------------
def test_granted_after_the_signature_it_earns_on_payments_already_received() -> None:
    deal = a_won_deal(signed_on=date(2027, 6, 4))
    happens(an_invoice(deal), "payment", "1000")
    deliver_all()
    assert not Commission.objects.exists()

    extended(deal.use_case)
    deliver_all()

    assert [entry.amount for entry in Commission.objects.all()] == [Decimal(100)]


def test_signed_on_the_new_last_day_and_recorded_a_week_later_pays() -> None:
    case = confirmed_warm()
    extended(case)
    case.refresh_from_db()
    assert case.window_ends_on is not None

    deal = win_deal(
        deal=case.deal, signed_on=case.window_ends_on, by=seller(), at=MONDAY + timedelta(days=300)
    )

    assert deal.is_within_window()


def test_signed_a_day_after_the_new_last_day_pays_nothing_and_says_so() -> None:
    case = confirmed_warm()
    extended(case)
    case.refresh_from_db()
    assert case.window_ends_on is not None
    late = case.window_ends_on + timedelta(days=1)

    deal = win_deal(deal=case.deal, signed_on=late, by=seller(), at=MONDAY + timedelta(days=300))

    assert not deal.is_within_window()
    page = at_desk(seller()).get(reverse("desk:deal", args=[deal.pk])).content.decode()
    assert "pays no commission. The window was extended once already." in page


# --- who ---------------------------------------------------------------------------------
def _own() -> tuple[UseCase, User]:
    partner = active_partner("Bram de Jong")
    return confirmed_warm(registered(partner)), _made_director(partner.user)


def _recruiters() -> tuple[UseCase, User]:
    recruiter = active_partner("Carla Winter")
    recruit = PartnerFactory(recruiter=recruiter, started_at=MONDAY - timedelta(days=90))
    return confirmed_warm(registered(recruit)), _made_director(recruiter.user)


def _second_account() -> tuple[UseCase, User]:
    partner = PartnerFactory(user=UserFactory(email="bram@gmail.com"), started_at=MONDAY - timedelta(days=90))
    return confirmed_warm(registered(partner)), UserFactory(
        email="b.ram+semi@googlemail.com", roles=[Role.DIRECTOR]
    )


def _superuser() -> tuple[UseCase, User]:
    return confirmed_warm(), UserFactory(is_superuser=True, is_staff=True)


def _sales() -> tuple[UseCase, User]:
    return confirmed_warm(), seller("Sofie de Wit", Role.SALES_LEAD)


def _former() -> tuple[UseCase, User]:
    gone = director()
    gone.role_grants.update(ended_at=MONDAY)
    gone.forget_roles()
    return confirmed_warm(), gone


def _made_director(user: User) -> User:
    user.role_grants.create(role=Role.DIRECTOR, granted_at=MONDAY)
    user.forget_roles()
    return user


REFUSED = [
    (_own, ExtendsOwnWindow, "window_extension_without_interest"),
    (_recruiters, ExtenderEarns, "window_extension_without_interest"),
    (_second_account, ExtendsOwnWindow, "window_extension_without_interest"),
    (_superuser, ExtensionNeedsDirector, "window_extension_by_a_director"),
    (_sales, ExtensionNeedsDirector, "window_extension_by_a_director"),
    (_former, ExtensionNeedsDirector, "window_extension_by_a_director"),
]


@pytest.mark.parametrize(("scene", "error", "guard"), REFUSED)
def test_nobody_else_extends_a_window(
    scene: Callable[[], tuple[UseCase, User]], error: type[DomainError], guard: str
) -> None:
    case, who = scene()

    with pytest.raises(error):
        grant(case, who)


@pytest.mark.parametrize(("scene", "error", "guard"), REFUSED)
def test_the_database_lets_nobody_else_extend_a_window(
    scene: Callable[[], tuple[UseCase, User]], error: type[DomainError], guard: str
) -> None:
    case, who = scene()

    with pytest.raises(IntegrityError) as caught:
        by_sql(case, who)

    assert caught.value.__cause__.diag.constraint_name == guard  # type: ignore[union-attr]


@pytest.mark.parametrize("scene", [_own, _recruiters, _superuser, _sales])
def test_the_form_lets_nobody_else_extend_a_window(scene: Callable[[], tuple[UseCase, User]]) -> None:
    case, who = scene()

    answer = at_desk(who).post(reverse("desk:extend", args=[case.pk]), {"months": "1", "reason": WHY})

    assert answer.status_code == (200 if who.has_role(Role.DIRECTOR) else 403)
    assert not WindowExtension.objects.exists()


# --- what ---------------------------------------------------------------------------------
def _no_window() -> UseCase:
    return registered().use_cases.get()


def _closed() -> UseCase:
    case = confirmed_warm()
    UseCase.objects.filter(pk=case.pk).update(outcome=UseCaseOutcome.RESELLER, closed_at=MONDAY)
    return case


def _lost() -> UseCase:
    case = confirmed_warm()
    lose_deal(deal=case.deal, reason="No budget.", by=seller(), at=MONDAY + timedelta(days=9))
    return case


def _after_cause() -> UseCase:
    case = confirmed_warm()
    ended(case.partner, at=MONDAY + timedelta(days=9), kind="cause")
    return case


def _in_time() -> UseCase:
    return a_won_deal().use_case


def _twice() -> UseCase:
    case = confirmed_warm()
    extended(case)
    return case


@pytest.mark.parametrize(
    ("scene", "error"),
    [
        (_no_window, NoWindowToExtend),
        (_closed, ClosedWindow),
        (_lost, ExtensionOfALostDeal),
        (_after_cause, ExtensionAfterCause),
        (_in_time, NothingToExtend),
        (_twice, WindowExtendedAlready),
    ],
)
def test_what_has_no_right_to_more_time_gets_none(
    scene: Callable[[], UseCase], error: type[DomainError]
) -> None:
    with pytest.raises(error):
        grant(scene(), director("Carla Winter"))


@pytest.mark.parametrize(
    ("scene", "guard"),
    [
        (_no_window, "window_extension_of_an_open_use_case"),
        (_closed, "window_extension_of_an_open_use_case"),
        (_after_cause, "window_extension_not_after_cause"),
        (_twice, "window_extension_once"),
    ],
)
def test_the_database_gives_it_none_either(scene: Callable[[], UseCase], guard: str) -> None:
    case = scene()

    with pytest.raises(IntegrityError) as caught:
        by_sql(case, director("Carla Winter"))

    assert caught.value.__cause__.diag.constraint_name == guard  # type: ignore[union-attr]


def test_a_partner_who_left_by_notice_may_still_get_more_time() -> None:
    case = confirmed_warm()
    ended(case.partner, at=MONDAY + timedelta(days=20))

    assert extended(case).months == 1


@pytest.mark.parametrize("months", [0, 4])
def test_no_other_number_of_months(months: int) -> None:
    case = confirmed_warm()

    with pytest.raises(ExtensionTooLong):
        grant(case, director(), months=months)
    with pytest.raises(IntegrityError, match="window_extension_one_to_three_months"):
        by_sql(case, director(), months=months)


def test_no_extension_without_a_reason() -> None:
    case = confirmed_warm()

    with pytest.raises(ExtensionNeedsReason):
        grant(case, director(), reason=" \n")
    with pytest.raises(IntegrityError, match="window_extension_has_reason"):
        by_sql(case, director(), reason=" \n")


def test_the_database_moves_no_last_day_without_an_extension() -> None:
    case = confirmed_warm()

    with pytest.raises(IntegrityError, match="no director granted this extension"), transaction.atomic():
        UseCase.objects.filter(pk=case.pk).update(extended_months=1, window_ends_on=date(2027, 6, 25))


def test_an_extension_is_neither_changed_nor_deleted() -> None:
    row = extended(confirmed_warm())

    with pytest.raises(DatabaseError, match="Cannot update or delete"), transaction.atomic():
        WindowExtension.objects.update(months=3)
    with pytest.raises(DatabaseError, match="Cannot update or delete"), transaction.atomic():
        row.delete()


# --- who hears of it --------------------------------------------------------------------
def test_partner_and_seller_read_the_new_day_and_the_reason() -> None:
    tom = seller()
    referral = registered()
    referral.seller = tom
    referral.save()
    case = confirmed_warm(referral)
    deliver_all()
    mail.outbox.clear()

    extended(case)
    deliver_all()

    told = [m for m in mail.outbox if "the last day to sign is now 25 Jun 2027" in m.subject]
    assert {m.to[0] for m in told} == {case.partner.user.email, tom.email}
    assert all("Their budget moved to the new year." in m.body for m in told)


def test_the_partner_sees_the_extension_and_its_reason() -> None:
    case = confirmed_warm()
    extended(case)

    page = signed_in(case.partner).get(case.referral.get_absolute_url()).content.decode()  # type: ignore[union-attr]

    assert "Extended by 1 month, from 25 May 2027 to 25 Jun 2027." in page
    assert "Window opened until 25 May 2027." in page
    assert WHY in page


def test_the_audit_names_the_extension_and_no_reason() -> None:
    row = extended(confirmed_warm())

    entry = AuditEntry.objects.get(action="use_case.window_extended")

    assert entry.by == row.director
    assert WHY not in str(entry.data)


@pytest.mark.parametrize("left", [60, 30, 14, 3])
def test_reminders_follow_the_new_last_day(left: int) -> None:
    case = confirmed_warm()
    extended(case)
    case.refresh_from_db()
    assert case.window_ends_on is not None
    OutboxMessage.objects.all().delete()

    remind_of_deadlines(at=at_local(case.window_ends_on - timedelta(days=left), MONDAY.time()))

    keys = OutboxMessage.objects.values_list("key", flat=True)
    assert set(keys) == {f"use-case:{case.pk}:window:2027-06-25:{left}:{to}" for to in ("partner", "seller")}


# --- the pages -----------------------------------------------------------------------------
def test_the_page_says_what_each_choice_would_do(set_clock: SetClock) -> None:
    deal = a_won_deal(signed_on=date(2027, 7, 4))  # the window ends on 3 June
    set_clock(datetime(2027, 7, 10, 9, tzinfo=UTC))

    page = at_desk(director()).get(reverse("desk:extend", args=[deal.use_case_id])).content.decode()

    assert "The deal signed on 4 Jul 2027 would still be too late and pay nothing." in page
    assert page.count("The deal signed on 4 Jul 2027 would be in time.") == 2


def test_a_director_extends_from_the_deals_page(set_clock: SetClock) -> None:
    deal = a_won_deal(signed_on=date(2027, 6, 4))
    set_clock(datetime(2027, 6, 10, 9, tzinfo=UTC))
    client, door = at_desk(director()), reverse("desk:extend", args=[deal.use_case_id])
    assert door in client.get(reverse("desk:deal", args=[deal.pk])).content.decode()

    answer = client.post(door, {"months": "1", "reason": WHY}, follow=True).content.decode()

    assert "The deal is in time now and starts to earn." in answer
    assert door not in answer


def test_who_is_a_director_alone_finds_the_way_from_the_admin_to_the_extension(set_clock: SetClock) -> None:
    """Directors work in the admin; a use case's own page is for sales."""
    deal = a_won_deal(signed_on=date(2027, 6, 4))
    set_clock(datetime(2027, 6, 10, 9, tzinfo=UTC))
    client = at_desk(director())
    deals = f"{reverse('desk:deals')}?stage=won"

    way = [reverse("admin:index"), reverse("desk:deals"), deals, reverse("desk:deal", args=[deal.pk])]
    ahead = [reverse("desk:deals"), "?stage=won", way[-1], reverse("desk:extend", args=[deal.use_case_id])]

    for page, following in zip(way, ahead, strict=True):
        assert f'href="{following}"' in client.get(page).content.decode()


# --- the calendar ---------------------------------------------------------------------------
def event_of(content: bytes) -> object:
    (event,) = Calendar.from_ical(content).walk("VEVENT")
    return event


def test_the_last_day_is_a_whole_day_that_an_extension_moves() -> None:
    case = confirmed_warm()
    client, door = signed_in(case.partner), reverse("referrals:last_day", args=[case.pk])

    first = event_of(client.get(door).content)
    extended(case)
    then = event_of(client.get(door).content)

    def days(event: object) -> tuple[object, object]:
        return event["dtstart"].dt, event["dtend"].dt  # type: ignore[index]

    assert days(first) == (date(2027, 5, 25), date(2027, 5, 26))
    assert days(then) == (date(2027, 6, 25), date(2027, 6, 26))
    assert first["uid"] == then["uid"]  # type: ignore[index]
    assert (first["sequence"], then["sequence"]) == (0, 1)  # type: ignore[index]


def test_fetching_it_twice_is_the_same_and_writes_nothing() -> None:
    case = confirmed_warm()
    client, door = signed_in(case.partner), reverse("referrals:last_day", args=[case.pk])
    before = AuditEntry.objects.count(), OutboxMessage.objects.count()

    assert client.get(door).content == client.get(door).content
    assert client.post(door).status_code == 405
    assert (AuditEntry.objects.count(), OutboxMessage.objects.count()) == before


def test_another_partner_gets_no_last_day() -> None:
    case = confirmed_warm()

    answer = signed_in(active_partner("Somebody Else")).get(reverse("referrals:last_day", args=[case.pk]))

    assert answer.status_code == 404


def test_without_a_window_there_is_no_last_day() -> None:
    case = use_case(active_partner())

    answer = signed_in(case.partner).get(reverse("referrals:last_day", args=[case.pk]))

    assert answer.status_code == 404


def test_a_seller_gets_the_last_day_too() -> None:
    case = confirmed_warm()

    answer = at_desk(seller()).get(reverse("desk:last_day", args=[case.pk]))

    assert event_of(answer.content)["dtstart"].dt == date(2027, 5, 25)  # type: ignore[index]
