"""Two partners, one company, one need: whose qualifying meeting began first pays (C18)."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, connection, transaction

from referrals.errors import (
    OwnReferral,
    UseCaseClosed,
)
from referrals.errors_disputed import (
    LinkAcrossCompanies,
    LinkNeedsMeetings,
    LinkNeedsReason,
    LinkOfAClosedOne,
    LinkOfOnePartner,
    LinkTakenBackAlready,
    LinkWouldChain,
)
from referrals.invariants import LINKS
from referrals.models import Deal, DealStage, UseCase, UseCaseLink, UseCaseOutcome
from referrals.services.deals import move_deal, update_deal, win_deal
from referrals.services.links import take_back_link
from ssp.core.errors import NotAllowed
from ssp.core.invariants import broken
from ssp.core.models import User
from ssp.core.roles import Role
from tests.factories.core import UserFactory
from tests.factories.referrals import (
    active_partner,
    confirmed_warm,
    director,
    held,
    linked,
    registered,
    sales_lead,
    seller,
    two_needs,
    use_case,
)
from tests.moments import MONDAY

pytestmark = [pytest.mark.django_db, pytest.mark.clause("C18")]


def fresh(case: UseCase) -> UseCase:
    return UseCase.objects.select_related("deal").get(pk=case.pk)


def taken_back(link: UseCaseLink, *, by: User | None = None) -> UseCaseLink:
    return take_back_link(link=link, reason="Two needs after all.", by=by or sales_lead(), at=MONDAY)


def referenced(deal: Deal, reference: str) -> None:
    update_deal(
        deal=deal,
        expected_net=None,
        expected_on=None,
        currency="EUR",
        customer_reference=reference,
        reseller_name="",
        by=seller(),
        at=MONDAY,
    )


def references(*cases: UseCase) -> tuple[str, ...]:
    return tuple(fresh(case).deal.customer_reference for case in cases)


def check_invariants() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
    assert broken(LINKS) == []


# --- who pays -----------------------------------------------------------------------
@pytest.mark.parametrize("the_other_way", [False, True])
def test_the_one_whose_meeting_began_first_pays_whichever_is_named_first(the_other_way: bool) -> None:
    ines, pieter = two_needs()

    link = linked(pieter, ines) if the_other_way else linked(ines, pieter)

    assert (link.paying, link.duplicate) == (ines, pieter)
    assert fresh(ines).is_open
    closed = fresh(pieter)
    assert (closed.outcome, closed.same_need_as, closed.closed_at) == (UseCaseOutcome.DUPLICATE, ines, MONDAY)
    check_invariants()


def test_on_one_day_the_hour_decides() -> None:
    ines, pieter = two_needs(later_by=timedelta(minutes=-30))
    assert ines.window_starts_on == pieter.window_starts_on

    assert linked(ines, pieter).paying == pieter


def test_at_the_same_moment_the_one_defined_first_pays() -> None:
    ines, pieter = two_needs(later_by=timedelta(0))

    assert linked(pieter, ines).paying == ines


def test_a_later_meeting_of_the_first_changes_nothing() -> None:
    ines, pieter = two_needs()
    assert ines.referral
    held(ines.referral, starts_at=MONDAY - timedelta(days=1))

    assert linked(ines, pieter).paying == ines


def test_a_third_partner_can_be_linked_to_the_first() -> None:
    ines, pieter = two_needs()
    karl = third()
    linked(ines, pieter)

    assert linked(karl, ines).duplicate == karl
    check_invariants()


def third(*, days_ago: int = 5) -> UseCase:
    referral = registered(
        active_partner("Karl Jensen"),
        at=MONDAY - timedelta(days=40),
        first_name="Cy",
        last_name="Oberholzer",
        email="cy@acme.example",
        company_name="Acme",
    )
    return confirmed_warm(referral, starts_at=MONDAY - timedelta(days=days_ago))


# --- what it does to the deal -----------------------------------------------------------
def test_an_open_deal_is_closed_and_says_why_without_naming_anybody() -> None:
    ines, pieter = two_needs()

    linked(ines, pieter)

    deal = fresh(pieter).deal
    assert deal.stage == DealStage.LOST
    assert "began before" in deal.why_lost
    assert "Ines" not in deal.why_lost
    with pytest.raises(UseCaseClosed):
        Deal.objects.filter(pk=deal.pk).update(stage=DealStage.PROPOSAL, lost_reason="")
        win_deal(deal=deal, signed_on=MONDAY.date(), by=seller(), at=MONDAY)


def test_invoices_to_come_find_the_deal_that_pays() -> None:
    ines, pieter = two_needs()
    referenced(pieter.deal, "ACME-7")

    link = linked(ines, pieter)

    assert references(ines, pieter) == ("ACME-7", "")
    taken_back(link)
    assert references(ines, pieter) == ("", "ACME-7")


def test_a_reference_of_its_own_stays() -> None:
    ines, pieter = two_needs()
    referenced(ines.deal, "ACME-1")
    referenced(pieter.deal, "ACME-7")

    linked(ines, pieter)

    assert references(ines, pieter) == (
        "ACME-1",
        "ACME-7",
    )


# --- who may not, and when not ------------------------------------------------------------
@pytest.mark.parametrize("role", [Role.SALES, Role.DIRECTOR, Role.FINANCE, Role.ADMINISTRATOR])
def test_only_a_sales_lead_links_and_takes_back(role: Role) -> None:
    ines, pieter = two_needs()
    by = UserFactory(roles=[role])

    with pytest.raises(NotAllowed):
        linked(ines, pieter, by=by)
    link = linked(ines, pieter)
    with pytest.raises(NotAllowed):
        taken_back(link, by=by)


@pytest.mark.parametrize("side", [0, 1])
@pytest.mark.parametrize("account", ["same", "second"])
def test_a_sales_lead_who_is_one_of_the_two_partners_is_refused(side: int, account: str) -> None:
    cases = two_needs()
    theirs = cases[side].partner.user
    lead = UserFactory(email=theirs.email.replace("@", "+desk@"), roles=[Role.SALES_LEAD])
    if account == "same":
        lead = theirs
        lead.role_grants.create(role=Role.SALES_LEAD, granted_at=MONDAY)

    with pytest.raises(OwnReferral):
        linked(*cases, by=lead)
    link = linked(*cases)
    with pytest.raises(OwnReferral):
        taken_back(link, by=lead)


def test_two_of_one_partner_are_refused() -> None:
    ines, _pieter = two_needs()
    assert ines.referral
    second = use_case(ines.partner, referral=ines.referral, title="Second", at=MONDAY - timedelta(days=30))

    with pytest.raises(LinkOfOnePartner):
        linked(ines, second)


def test_two_companies_are_refused() -> None:
    with pytest.raises(LinkAcrossCompanies):
        linked(confirmed_warm(), confirmed_warm())


def test_without_a_qualifying_meeting_nobody_can_tell_who_pays() -> None:
    ines, _pieter = two_needs()
    referral = registered(
        active_partner("Karl Jensen"), first_name="Cy", last_name="Oberholzer", email="cy@acme.example"
    )

    with pytest.raises(LinkNeedsMeetings):
        linked(ines, referral.use_cases.get())


def test_the_reason_is_needed() -> None:
    ines, pieter = two_needs()

    with pytest.raises(LinkNeedsReason):
        linked(ines, pieter, reason=" \n")
    assert fresh(pieter).is_open


def test_what_is_closed_or_linked_already_is_refused() -> None:
    ines, pieter = two_needs()
    karl = third()
    linked(ines, pieter)

    with pytest.raises(LinkOfAClosedOne):
        linked(ines, pieter)
    with pytest.raises(LinkOfAClosedOne):
        linked(pieter, karl)
    UseCase.objects.filter(pk=ines.pk).update(outcome=UseCaseOutcome.RESELLER)
    with pytest.raises(LinkOfAClosedOne):
        linked(ines, karl)


def test_one_that_others_are_linked_to_is_never_linked_itself() -> None:
    ines, pieter = two_needs()
    linked(ines, pieter)
    first_of_all = third(days_ago=25)

    with pytest.raises(LinkWouldChain):
        linked(first_of_all, ines)


# --- taken back -----------------------------------------------------------------------------
def test_taken_back_it_is_open_again_with_the_window_and_the_stage_it_had() -> None:
    ines, pieter = two_needs()
    move_deal(deal=pieter.deal, stage=DealStage.NEGOTIATING, by=seller(), at=MONDAY)
    window = pieter.window_ends_on
    lead = sales_lead()

    link = taken_back(linked(ines, pieter), by=lead)

    again = fresh(pieter)
    assert (again.is_open, again.same_need_as, again.closed_at) == (True, None, None)
    assert again.window_ends_on == window
    assert (again.deal.stage, again.deal.lost_reason) == (DealStage.NEGOTIATING, "")
    assert (link.taken_back_by, link.taken_back_reason) == (lead, "Two needs after all.")
    check_invariants()
    with pytest.raises(LinkTakenBackAlready):
        taken_back(link)


def test_taken_back_it_can_be_linked_again_and_both_words_are_kept() -> None:
    ines, pieter = two_needs()
    taken_back(linked(ines, pieter))

    linked(ines, pieter, reason="One need, says the customer.")

    assert list(UseCaseLink.objects.order_by("pk").values_list("reason", flat=True)) == [
        "One need.",
        "One need, says the customer.",
    ]


def test_a_deal_that_was_lost_before_stays_lost() -> None:
    ines, pieter = two_needs()
    Deal.objects.filter(pk=pieter.deal.pk).update(stage=DealStage.LOST, lost_reason="No budget.")

    taken_back(linked(ines, pieter))

    assert fresh(pieter).deal.lost_reason == "No budget."


# --- what the database refuses, whoever writes -------------------------------------------------
def row(paying: UseCase, duplicate: UseCase, **fields: object) -> UseCaseLink:
    values = {"reason": "x", "linked_by": sales_lead("Anybody"), "linked_at": MONDAY}
    return UseCaseLink(paying=paying, duplicate=duplicate, **{**values, **fields})


def refuses_with(constraint: str, link: UseCaseLink) -> bool:
    with pytest.raises(IntegrityError) as caught, transaction.atomic():
        link.save()
    cause = caught.value.__cause__
    return cause is not None and cause.diag.constraint_name == constraint  # type: ignore[attr-defined]


def test_the_database_refuses_that_the_later_one_pays() -> None:
    ines, pieter = two_needs()
    assert refuses_with("use_case_link_first_meeting_pays", row(pieter, ines))


def test_the_database_refuses_other_companies_and_one_partner() -> None:
    ines, _pieter = two_needs()
    assert ines.referral
    second = use_case(ines.partner, referral=ines.referral, title="Second", at=MONDAY - timedelta(days=30))
    assert refuses_with("use_case_link_at_one_company", row(ines, confirmed_warm()))
    assert refuses_with("use_case_link_of_two_partners", row(ines, second))


def test_the_database_refuses_whoever_is_no_sales_lead_or_one_of_the_two() -> None:
    ines, pieter = two_needs()
    theirs = UserFactory(email=pieter.partner.user.email.replace("@", "+x@"), roles=[Role.SALES_LEAD])
    superuser = UserFactory(is_superuser=True)
    assert refuses_with("use_case_link_by_a_sales_lead", row(ines, pieter, linked_by=director()))
    assert refuses_with("use_case_link_by_a_sales_lead", row(ines, pieter, linked_by=superuser))
    assert refuses_with("use_case_link_not_of_ones_own", row(ines, pieter, linked_by=theirs))


def test_the_database_refuses_a_chain_a_circle_and_a_second_link() -> None:
    ines, pieter = two_needs()
    karl = third()
    linked(ines, pieter)
    assert refuses_with("use_case_link_never_a_chain", row(pieter, karl))
    assert refuses_with("use_case_link_first_meeting_pays", row(pieter, ines))
    assert refuses_with("use_case_link_of_open_ones", row(ines, pieter))


def test_the_database_refuses_a_link_without_a_reason_or_with_half_a_taking_back() -> None:
    ines, pieter = two_needs()
    assert refuses_with("use_case_link_has_reason", row(ines, pieter, reason="  "))
    assert refuses_with("use_case_link_taken_back_with_reason", row(ines, pieter, taken_back_at=MONDAY))


def test_the_database_keeps_what_was_said() -> None:
    ines, pieter = two_needs()
    link = linked(ines, pieter)
    links = UseCaseLink.objects.filter(pk=link.pk)
    for change in (
        {"reason": "Another."},
        {"linked_at": MONDAY - timedelta(days=1)},
        {"moved_reference": "X"},
    ):
        with pytest.raises(IntegrityError, match="taken back once"), transaction.atomic():
            links.update(**change)
    with pytest.raises(IntegrityError, match="taken back once"), transaction.atomic():
        links.delete()
    taken_back(link)
    with pytest.raises(IntegrityError, match="taken back once"), transaction.atomic():
        links.update(taken_back_at=None, taken_back_by=None, taken_back_reason="")


def test_the_database_closes_nothing_as_a_duplicate_without_a_link_and_opens_nothing_with_one() -> None:
    ines, pieter = two_needs()
    cases = UseCase.objects.filter(pk=pieter.pk)
    with pytest.raises(IntegrityError, match="links it"), transaction.atomic():
        cases.update(outcome=UseCaseOutcome.DUPLICATE, same_need_as=ines)
    linked(ines, pieter)
    with pytest.raises(IntegrityError, match="links it"), transaction.atomic():
        cases.update(outcome=UseCaseOutcome.OPEN, same_need_as=None)


def test_the_database_refuses_a_link_that_closes_nothing() -> None:
    ines, pieter = two_needs()
    row(ines, pieter).save()
    with pytest.raises(IntegrityError, match="closes the one"), connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")


def test_the_database_wins_no_deal_of_a_duplicate() -> None:
    ines, pieter = two_needs()
    linked(ines, pieter)
    won = {"stage": DealStage.WON, "signed_on": MONDAY.date(), "recorded_at": MONDAY, "lost_reason": ""}
    with pytest.raises(IntegrityError, match="another use case pays"), transaction.atomic():
        Deal.objects.filter(use_case=pieter).update(**won)
