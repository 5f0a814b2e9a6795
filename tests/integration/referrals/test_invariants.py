"""The invariants about people, meetings and deals hold after a life, and see what the guards prevent."""

from collections.abc import Callable, Iterator
from datetime import date, timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from referrals.invariants import CLAIMS
from referrals.models import Deal, Referral, UseCase, UseCaseComment
from referrals.rules import Colleague
from referrals.services.claims import object_to_contact
from referrals.services.comments import comment_on_use_case
from referrals.services.outcomes import add_internal_referral
from ssp.core.invariants import broken
from tests.factories.referrals import active_partner, confirmed_warm, registered
from tests.moments import MONDAY

pytestmark = pytest.mark.django_db


@pytest.fixture
def life() -> Referral:
    """Somebody warm with a colleague and a deal, and somebody who objected."""
    warm = registered()
    confirmed_warm(warm)
    add_internal_referral(
        passed_on_by=warm,
        colleague=Colleague("Milan", "Hora", "milan@ostrava.example"),
        by=warm.partner.user,
        at=MONDAY,
    )
    objected = registered(active_partner("Leila Haddad"), email="ana@other.example", last_name="Reis")
    confirmed_warm(objected)
    comment_on_use_case(
        use_case=objected.use_cases.get(), text="Ana asked for a price.", by=objected.partner.user, at=MONDAY
    )
    object_to_contact(referral=objected, at=MONDAY + timedelta(days=30))
    return Referral.objects.get(pk=warm.pk)


@pytest.fixture
def unguarded(life: Referral) -> Iterator[None]:
    """The tables without what guards them, until the test's transaction is rolled back."""
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        for table in ("referral", "usecase", "usecasecomment", "introduction", "deal"):
            cursor.execute(f"ALTER TABLE referrals_{table} DISABLE TRIGGER USER")
            cursor.execute(
                "SELECT conname FROM pg_constraint WHERE contype IN ('c', 'u') AND conrelid = %s::regclass",
                [f"referrals_{table}"],
            )
            for (name,) in cursor.fetchall():
                cursor.execute(f'ALTER TABLE referrals_{table} DROP CONSTRAINT "{name}"')
        cursor.execute("DROP INDEX referral_one_live_claim_per_person")
    yield


def copied(referral: Referral, **changes: object) -> None:
    fields = {each.attname: getattr(referral, each.attname) for each in Referral._meta.concrete_fields}
    fields |= {"id": None, "objection_hash": None, **changes}
    Referral.objects.bulk_create([Referral(**fields)])


def two_claims(life: Referral) -> None:
    copied(life)


def before_the_contract(life: Referral) -> None:
    Referral.objects.filter(pk=life.pk).update(registered_on=date(2000, 1, 1))


def four_colleagues(life: Referral) -> None:
    for number in range(3):
        copied(life.internal_referrals.first(), identity=f"another {number}")  # type: ignore[arg-type]


def elsewhere(life: Referral) -> None:
    other = Referral.objects.exclude(company=life.company).first()
    assert other is not None
    life.internal_referrals.update(company=other.company)


def by_phone(life: Referral) -> None:
    life.introductions.update(medium="other")


def two_deals(life: Referral) -> None:
    deal = Deal.objects.get(use_case__referral=life)
    Deal.objects.bulk_create([Deal(use_case=deal.use_case, created_at=MONDAY)])


def a_name_left(_life: Referral) -> None:
    Referral.objects.filter(anonymised_at__isnull=False).update(last_name="Reis")


def a_comment_left(_life: Referral) -> None:
    UseCaseComment.objects.update(text="Ana asked for a price.")


BREAKS: list[Callable[[Referral], None]] = [
    two_claims,
    before_the_contract,
    four_colleagues,
    elsewhere,
    by_phone,
    two_deals,
    a_name_left,
    a_comment_left,
]


def test_they_hold_after_a_life(life: Referral) -> None:
    assert broken(CLAIMS) == []
    assert (
        UseCase.objects.filter(window_starts_on__isnull=False).count() == 2
    )  # the life has what they ask about


@pytest.mark.usefixtures("unguarded")
@pytest.mark.parametrize(("breaks", "invariant"), list(zip(BREAKS, CLAIMS, strict=True)))
def test_each_sees_what_breaks_it_and_no_other_does(
    life: Referral, breaks: Callable[[Referral], None], invariant: tuple[int, str, str]
) -> None:
    breaks(life)

    assert [each.words for each in broken(CLAIMS)] == [invariant[1]]


def test_the_command_says_that_all_hold(life: Referral) -> None:
    said = StringIO()

    call_command("verify_invariants", stdout=said)

    assert "invariants hold." in said.getvalue()


@pytest.mark.usefixtures("unguarded")
def test_the_command_fails_and_names_the_rows(life: Referral) -> None:
    a_name_left(life)
    pk = Referral.objects.get(last_name="Reis").pk

    with pytest.raises(CommandError) as failure:
        call_command("verify_invariants")

    assert f"14: No personal field left on an anonymised person. Broken by {pk}." in str(failure.value)
