"""The funnel of applications: counts, age, owner; drafts are nobody's business (C6)."""

from collections.abc import Callable
from datetime import datetime, time, timedelta

import pytest
from django.core import mail
from django.test import Client
from django.urls import reverse

from partners import funnel
from partners.errors import ApplicationNotOpen, NotAnOwner, NotYoursToAssign
from partners.models import Application, Contract, ContractReview
from partners.services.applications import reject_application, submit_application
from partners.services.contracts import review_contract
from partners.services.owners import assign_owner
from ssp.core import staff
from ssp.core.models import AuditEntry, User
from ssp.core.periods import at_local, working_days_between
from ssp.core.roles import Role
from tests.factories.core import UserFactory
from tests.factories.partners import (
    ApplicationFactory,
    DirectorFactory,
    PartnerFactory,
    ProgramTermsFactory,
    RecruitInvitationFactory,
)
from tests.integration.partners.conftest import approve_twice, deliver_kind
from tests.moments import MONDAY

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.clause("C6"),
    pytest.mark.usefixtures("at_monday", "empty_cache"),
]
SignIn = Callable[[User], Client]
LIST = reverse("admin:partners_application_changelist")
TODAY = MONDAY.date()


def sent(*, at: datetime = MONDAY, **fields) -> Application:
    application = ApplicationFactory(**fields)
    submit_application(application=application, terms=ProgramTermsFactory(), by=application.applicant, at=at)
    application.refresh_from_db()
    return application


def contract_of(application: Application) -> Contract:
    assert application.partner
    return application.partner.contracts.get()


def counts() -> dict[str, int]:
    return {step.label: step.count for step in funnel.funnel(on=TODAY)}


# --- counts ---------------------------------------------------------------------------
def test_every_application_is_counted_where_it_stands() -> None:
    ApplicationFactory()
    sent()
    returned, signing, declined = sent(), sent(), sent()
    review_contract(
        contract=contract_of(returned),
        director=DirectorFactory(),
        decision=ContractReview.Decision.REJECTED,
        reason="The cap is wrong.",
        version=1,
        at=MONDAY,
    )
    approve_twice(contract_of(signing))
    reject_application(application=declined, reason="Not now.", by=DirectorFactory(), at=MONDAY)

    assert counts() == {
        "Drafts": 1,
        "Sent": 4,
        "In review": 1,
        "Returned to draft": 1,
        "At the signature": 1,
        "Not signed in time": 0,
        "Partner": 0,
        "Declined": 1,
    }


def test_late_is_more_than_five_working_days_on_any_day_of_the_week() -> None:
    for today in (TODAY + timedelta(days=n) for n in range(7)):
        for day in (today - timedelta(days=ago) for ago in range(4, 12)):
            sent_at = at_local(day, time(23, 59))

            is_late = working_days_between(day, today) > 5
            assert (sent_at < funnel.late_before(today)) == is_late, f"{day} seen on {today}"


def test_what_waits_too_long_is_marked(sign_in: SignIn) -> None:
    sent(at=MONDAY - timedelta(days=10), display_name="Slow Case")
    sent(display_name="Fresh Case")

    text = sign_in(DirectorFactory()).get(LIST, {"late": "1"}).text

    assert "Slow Case" in text
    assert "7 working days" not in text
    assert "6 working days, late" in text
    assert "Fresh Case" not in text


# --- drafts are their writers' own -------------------------------------------------------
@pytest.mark.parametrize("role", [Role.DIRECTOR, Role.ADMINISTRATOR])
def test_nobody_at_semi_reads_a_draft(sign_in: SignIn, role: Role) -> None:
    draft = ApplicationFactory(display_name="Nina Draft", knows_field="A secret for now.")
    client = sign_in(UserFactory(roles=[role]))

    assert "Nina Draft" not in client.get(LIST).text
    assert "Nina Draft" not in client.get(LIST, {"q": "Nina"}).text.replace('value="Nina"', "")
    assert client.get(reverse("admin:partners_application_change", args=[draft.pk])).status_code == 404


@pytest.mark.parametrize("role", [Role.SALES, Role.SALES_LEAD, Role.FINANCE])
def test_the_funnel_is_for_directors_and_administrators(sign_in: SignIn, role: Role) -> None:
    application = sent()
    client = sign_in(UserFactory(roles=[role], is_superuser=True))

    assert client.get(LIST).status_code == 403
    page = reverse("admin:partners_application_change", args=[application.pk])
    assert client.get(page).status_code == client.post(page, {"owner": "1"}).status_code == 403


def test_what_an_applicant_wrote_is_for_directors(sign_in: SignIn) -> None:
    application = sent(knows_field="Ten years of harbours.")
    page = reverse("admin:partners_application_change", args=[application.pk])

    assert "Ten years of harbours." not in sign_in(UserFactory(roles=[Role.ADMINISTRATOR])).get(page).text
    assert "Ten years of harbours." in sign_in(DirectorFactory()).get(page).text


# --- the owner ---------------------------------------------------------------------------
def test_an_application_goes_to_the_director_who_looks_after_the_fewest() -> None:
    first = DirectorFactory()
    assert sent().owner == first
    second = DirectorFactory()

    assert sent().owner == second


def test_who_recruited_the_applicant_does_not_look_after_them() -> None:
    recruiter = PartnerFactory(user=DirectorFactory())
    other, user = DirectorFactory(), UserFactory()

    application = sent(
        applicant=user, invitation=RecruitInvitationFactory(recruiter=recruiter, email=user.email)
    )

    assert application.owner not in (None, recruiter.user)
    with pytest.raises(NotAnOwner):
        assign_owner(application=application, owner=recruiter.user, by=other, at=MONDAY)


def test_another_director_takes_it_over(sign_in: SignIn) -> None:
    me, application = DirectorFactory(), sent()
    other = DirectorFactory()

    sign_in(me).post(reverse("admin:partners_application_change", args=[application.pk]), {"owner": other.pk})

    application.refresh_from_db()
    assert application.owner == other
    entry = AuditEntry.objects.filter(action="application.owner_assigned").latest("pk")
    assert (entry.by, entry.data["owner"]) == (me, other.pk)


def test_only_directors_and_administrators_say_whose_it_is() -> None:
    application, director = sent(), DirectorFactory()

    with pytest.raises(NotYoursToAssign):
        assign_owner(
            application=application, owner=director, by=UserFactory(roles=[Role.SALES_LEAD]), at=MONDAY
        )


def test_a_decided_application_needs_no_owner() -> None:
    application, director = sent(), DirectorFactory()
    reject_application(application=application, reason="No.", by=director, at=MONDAY)

    with pytest.raises(ApplicationNotOpen):
        assign_owner(application=application, owner=director, by=director, at=MONDAY)


@pytest.mark.parametrize("named", [True, False])
def test_a_director_who_leaves_hands_their_applications_over(named: bool) -> None:
    leaver = DirectorFactory()
    application = sent()
    successor = DirectorFactory()

    staff.end_role(
        user=leaver,
        role=Role.DIRECTOR,
        hand_to=successor if named else None,
        by=UserFactory(roles=[Role.ADMINISTRATOR]),
        at=MONDAY,
    )
    deliver_kind("partners.role_ended")

    application.refresh_from_db()
    assert application.owner == successor


def test_a_seller_who_leaves_moves_no_application() -> None:
    director, seller, other = DirectorFactory(), *UserFactory.create_batch(2, roles=[Role.SALES])
    application = sent()

    staff.end_role(
        user=seller,
        role=Role.SALES,
        hand_to=other,
        by=UserFactory(roles=[Role.ADMINISTRATOR]),
        at=MONDAY,
    )
    deliver_kind("partners.role_ended")

    application.refresh_from_db()
    assert application.owner == director


# --- a kind no ------------------------------------------------------------------------
def test_a_declined_applicant_reads_thanks_the_reason_and_what_they_can_do() -> None:
    application = sent(applicant=UserFactory(full_name="Hugo Santos"))
    reject_application(
        application=application,
        reason="A mailing list isn't a warm introduction.",
        by=DirectorFactory(),
        at=MONDAY,
    )

    deliver_kind("partners.application_rejected")

    (letter,) = mail.outbox
    assert letter.to == [application.applicant.email]
    assert "Thank you for applying" in letter.body
    assert "A mailing list isn't a warm introduction." in letter.body
    assert "apply again" in letter.body


def test_who_applies_again_finds_their_answers(sign_in: SignIn) -> None:
    application = sent(knows_field="Ten years of harbours.")
    reject_application(application=application, reason="Not now.", by=DirectorFactory(), at=MONDAY)

    text = sign_in(application.applicant).get("/apply/").text

    assert "Ten years of harbours." in text
    assert Application.objects.count() == 1
