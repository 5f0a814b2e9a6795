"""Who is responsible for an introduction: somebody of sales, and never the partner themself (C1)."""

from collections.abc import Iterator
from threading import Barrier

import pytest
from django.db import IntegrityError, OperationalError, transaction

from partners.models import Partner
from referrals.errors import SellerIsThePartner, SellerOfNobody
from referrals.models import Referral
from referrals.services import sellers
from referrals.services.claims import object_to_contact
from referrals.services.handover import hand_over_work
from referrals.services.registration import assign_seller
from referrals.services.sellers import assign_sellers
from ssp.core import outbox
from ssp.core.errors import NotAllowed
from ssp.core.models import RoleGrant, User
from ssp.core.roles import Role
from tests.factories.core import UserFactory
from tests.factories.referrals import active_partner, registered, seller
from tests.integration.referrals.test_races import at_once
from tests.moments import MONDAY

pytestmark = pytest.mark.django_db


def own_of(tom: User, *, account: str) -> Referral:
    """An introduction of Tom's as a partner: with the same account, or another one of his."""
    partner = active_partner()
    if account == "same":
        Partner.objects.filter(pk=partner.pk).update(user=tom)
    else:
        User.objects.filter(pk=partner.user_id).update(email=tom.email.replace("@", "+other@"))
    return registered(Partner.objects.get(pk=partner.pk))


@pytest.mark.clause("C1")
@pytest.mark.parametrize("account", ["same", "another"])
def test_nobody_is_made_the_seller_of_what_they_brought_in(account: str) -> None:
    tom, priya = seller(), seller("Priya Nair")
    own = own_of(tom, account=account)

    with pytest.raises(SellerIsThePartner):
        assign_seller(referral=own, seller=tom, by=priya, at=MONDAY)
    result = assign_sellers(referral_ids=[own.pk], seller=tom, by=priya, at=MONDAY)

    assert [(row, type(why)) for row, why in result.refused] == [(own, SellerIsThePartner)]


@pytest.mark.clause("C1")
@pytest.mark.parametrize("account", ["same", "another"])
def test_the_database_makes_nobody_the_seller_of_their_own(account: str) -> None:
    tom = seller()
    own = own_of(tom, account=account)
    with pytest.raises(IntegrityError, match="the seller is the partner"), transaction.atomic():
        Referral.objects.filter(pk=own.pk).update(seller=tom)


@pytest.mark.clause("C1")
def test_the_last_of_sales_hands_their_own_to_nobody() -> None:
    tom, leaver = seller(), seller("Priya Nair")
    own = own_of(tom, account="another")
    Referral.objects.filter(pk=own.pk).update(seller=leaver)
    RoleGrant.objects.filter(user=leaver).update(ended_at=MONDAY)

    hand_over_work(user=leaver, to=tom, at=MONDAY)

    own.refresh_from_db()
    assert own.seller is None


def test_a_removed_person_is_nobodys() -> None:
    tom, gone = seller(), registered()
    object_to_contact(referral=gone, at=MONDAY)

    result = assign_sellers(referral_ids=[gone.pk], seller=tom, by=tom, at=MONDAY)

    assert [type(why) for _, why in result.refused] == [SellerOfNobody]


@pytest.mark.parametrize("who", ["by", "seller"])
def test_only_sales_assigns_and_only_sales_is_assigned(who: str) -> None:
    person, tom, femke = registered(), seller(), UserFactory(roles=[Role.FINANCE])
    people = {"by": tom, "seller": tom, who: femke}
    with pytest.raises(NotAllowed):
        assign_sellers(referral_ids=[person.pk], at=MONDAY, **people)


@pytest.mark.django_db(transaction=True)
def test_two_who_assign_the_same_people_at_once_wait_for_each_other(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each gets all of them, one after the other: nobody gets half, and nothing locks up."""
    monkeypatch.setattr(outbox, "nudge", lambda pk: None)
    tom, priya = seller(), seller("Priya Nair")
    people = [registered().pk for _ in range(6)]

    done = at_once(
        lambda: assign_sellers(referral_ids=people, seller=tom, by=tom, at=MONDAY),
        lambda: assign_sellers(referral_ids=people[::-1], seller=priya, by=priya, at=MONDAY),
    )

    assert [len(each.changed) for each in done if isinstance(each, sellers.Assigned)] == [6, 6]
    assert len(set(Referral.objects.values_list("seller", flat=True))) == 1


@pytest.mark.django_db(transaction=True)
def test_without_the_order_that_all_share_two_would_lock_each_other_up(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Each takes people as they were picked, and holds the first while waiting for the other's."""
    monkeypatch.setattr(outbox, "nudge", lambda pk: None)
    tom, priya = seller(), seller("Priya Nair")
    one, other = registered().pk, registered().pk
    both_hold_one = Barrier(2)

    def as_picked(ids: list[int]) -> Iterator[tuple[Referral, list[Referral]]]:
        for n, pk in enumerate(ids):
            if n:
                both_hold_one.wait(timeout=10)
            row = Referral.objects.select_related("partner__user").get(pk=pk)
            yield row, [row]

    monkeypatch.setattr(sellers, "_families", as_picked)

    done = at_once(
        lambda: assign_sellers(referral_ids=[one, other], seller=tom, by=tom, at=MONDAY),
        lambda: assign_sellers(referral_ids=[other, one], seller=priya, by=priya, at=MONDAY),
    )

    (locked_up,) = [each for each in done if isinstance(each, OperationalError)]
    assert "deadlock" in str(locked_up)
