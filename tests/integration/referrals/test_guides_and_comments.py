"""Beside the use case: the guides that fit it (C7), and what sales says without rewriting it (C8)."""

import re

import pytest
from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret
from django.core import mail
from django.db import IntegrityError
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse

from partners.models import Partner
from referrals.errors import CommentMissing, CommentTooLong, OwnReferral, ReferralNotOpen
from referrals.models import Referral, UseCase, UseCaseComment
from referrals.services.comments import comment_on_use_case
from ssp.core.errors import NotAllowed
from ssp.core.models import AuditEntry, OutboxMessage, User
from ssp.core.roles import Role
from tests.factories.core import UserFactory
from tests.factories.guides import a_draft, a_guide
from tests.factories.referrals import active_partner, registered, sales_lead, seller
from tests.factories.referrals import use_case as a_use_case
from tests.integration.partners.test_races import at_once
from tests.integration.referrals.conftest import deliver_all, signed_in
from tests.moments import MONDAY

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("at_monday", "empty_cache")]
WRITTEN = {
    "title": "Manuals at the machine",
    "problem": "Fitters search the manuals while the line stands still.",
    "data": "Manuals",
    "who_feels_it": "Fitters",
    "expected_value": "",
}


def text_of(response: HttpResponse) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", response.text))


def desk(user: User) -> Client:
    TOTP.activate(user, generate_totp_secret())
    client = Client()
    client.force_login(user, backend="ssp.core.auth.RoleBackend")
    return client


# --- suggested guides (C7) ----------------------------------------------------------------------
@pytest.fixture
def guides() -> None:
    a_guide("manuals", title="Service manuals in manufacturing", source="The line stands still.")
    a_guide("archive", title="Archives in several languages", source="Newspapers and broadcasters.")


@pytest.mark.clause("C7")
@pytest.mark.usefixtures("guides")
def test_the_newest_guides_stand_beside_an_empty_form(portal: Client) -> None:
    page = portal.get(reverse("referrals:define_use_case"))

    assert "Service manuals in manufacturing" in page.text
    assert "Archives in several languages" in page.text
    assert 'href="/guides/manuals/" target="_blank"' in page.text


@pytest.mark.clause("C7")
@pytest.mark.usefixtures("guides")
def test_after_a_refused_form_the_fitting_ones_stand_there(portal: Client) -> None:
    page = portal.post(reverse("referrals:define_use_case"), WRITTEN)

    assert "They fit what you have written so far." in page.text
    assert "Service manuals in manufacturing" in page.text
    assert "Archives in several languages" not in page.text


@pytest.mark.clause("C7")
@pytest.mark.usefixtures("guides")
def test_while_somebody_registers_a_person_too(portal: Client) -> None:
    session = portal.session
    session["referral_draft"] = {"person": {"first_name": "Mila"}, "use_case": WRITTEN}
    session.save()

    assert "They fit what you have written so far." in portal.get(reverse("referrals:register_use_case")).text


@pytest.mark.clause("C7")
@pytest.mark.usefixtures("guides")
def test_when_nothing_fits_the_newest_are_shown_and_it_is_said(portal: Client) -> None:
    page = portal.post(reverse("referrals:suggested_guides"), {"title": "Payroll in the Azores"})

    assert "None fits what you have written so far." in page.text
    assert "Archives in several languages" in page.text


@pytest.mark.clause("C7")
@pytest.mark.usefixtures("guides")
def test_the_same_guides_again_move_nothing(portal: Client) -> None:
    first = portal.post(reverse("referrals:suggested_guides"), WRITTEN)
    shown = re.search(r'name="shown" value="([^"]+)"', first.text)
    assert shown

    again = portal.post(reverse("referrals:suggested_guides"), {**WRITTEN, "shown": shown[1]})

    assert (again.status_code, again.content) == (204, b"")


@pytest.mark.clause("C7")
@pytest.mark.usefixtures("guides")
def test_suggesting_writes_nothing(portal: Client, django_assert_num_queries) -> None:
    portal.get(reverse("referrals:list"))

    with django_assert_num_queries(4) as seen:  # session, person, partner, guides
        portal.post(reverse("referrals:suggested_guides"), WRITTEN)

    assert all(query["sql"].startswith("SELECT") for query in seen.captured_queries)


@pytest.mark.clause("C7")
def test_no_draft_is_suggested(portal: Client) -> None:
    a_draft("manuals", title="Service manuals in manufacturing")

    for page in (
        portal.get(reverse("referrals:define_use_case")),
        portal.post(reverse("referrals:suggested_guides"), WRITTEN),
    ):
        assert "Service manuals" not in page.text


@pytest.mark.clause("C7")
@pytest.mark.usefixtures("guides")
@pytest.mark.parametrize("typed", ["\x00", "x" * 100_000, "' OR 1=1 --", "<script>", ":* & !"])
def test_whatever_is_typed_is_answered(portal: Client, typed: str) -> None:
    assert portal.post(reverse("referrals:suggested_guides"), {"problem": typed}).status_code == 200


# --- the definition is the partner's (C8) -----------------------------------------------------------
@pytest.fixture
def case(ines: Partner) -> UseCase:
    return registered(ines).use_cases.get()


@pytest.mark.clause("C8")
@pytest.mark.parametrize("field", ["title", "problem", "data", "who_feels_it", "expected_value"])
def test_the_database_lets_nobody_rewrite_a_definition(case: UseCase, field: str) -> None:
    with pytest.raises(IntegrityError, match="stays as its partner defined it"):
        UseCase.objects.filter(pk=case.pk).update(**{field: "Rewritten"})


@pytest.mark.clause("C8")
def test_a_definition_may_be_erased(case: UseCase) -> None:
    UseCase.objects.filter(pk=case.pk).update(problem="")

    case.refresh_from_db()
    assert case.problem == ""


# --- comments (C8) ------------------------------------------------------------------------------------
def say(case: UseCase, by: User, text: str = "Ask for the number of documents.") -> UseCaseComment:
    return comment_on_use_case(use_case=case, text=text, by=by, at=MONDAY)


@pytest.mark.clause("C8")
def test_sales_comments_and_the_partner_reads_it_and_gets_a_mail(portal: Client, case: UseCase) -> None:
    tom = seller()

    desk(tom).post(reverse("desk:use_case", args=[case.pk]), {"text": "How many documents?"})
    deliver_all()

    assert case.referral is not None
    assert "Tom Brandt , SeMI, 23 Nov 2026 How many documents?" in text_of(
        portal.get(case.referral.get_absolute_url())
    )
    letter = mail.outbox[-1]
    assert letter.to == [case.partner.user.email]
    assert "How many documents?" in letter.body
    assert f"/referrals/use-cases/{case.pk}/" in letter.body


@pytest.mark.clause("C8")
def test_the_partner_answers_and_the_seller_gets_it(portal: Client, case: UseCase) -> None:
    tom = seller()
    say(case, tom)

    portal.post(reverse("referrals:use_case", args=[case.pk]), {"text": "About 4,000."})
    deliver_all()

    assert mail.outbox[-1].to == [tom.email]
    assert f"/desk/use-cases/{case.pk}/" in mail.outbox[-1].body
    assert "About 4,000." in text_of(desk(tom).get(reverse("desk:use_case", args=[case.pk])))


@pytest.mark.clause("C8")
def test_without_somebody_who_sells_the_sales_leads_get_the_answer(case: UseCase) -> None:
    lead = sales_lead()

    say(case, case.partner.user)
    deliver_all()

    assert mail.outbox[-1].to == [lead.email]


@pytest.mark.clause("C8")
def test_the_desk_reads_the_whole_definition_and_finds_no_way_to_change_it(case: UseCase) -> None:
    page = desk(seller()).get(reverse("desk:use_case", args=[case.pk]))

    assert "Nobody finds anything." in page.text
    forms = re.findall(r"<form.*?</form>", page.text.partition("<main")[2], re.DOTALL)
    assert [re.findall(r'<(?:input|textarea|select)[^>]*name="([^"]+)"', form) for form in forms] == [
        ["csrfmiddlewaretoken", "text"],  # a comment, which the partner reads
        ["csrfmiddlewaretoken", "text"],  # a note of sales
    ]


@pytest.mark.clause("C8")
def test_another_partner_finds_no_such_use_case(case: UseCase) -> None:
    stranger = signed_in(active_partner("Karl Jensen"))
    path = reverse("referrals:use_case", args=[case.pk])

    assert stranger.get(path).status_code == stranger.post(path, {"text": "x"}).status_code == 404
    assert not UseCaseComment.objects.exists()


@pytest.mark.clause("C8")
@pytest.mark.parametrize("role", [Role.FINANCE, Role.DIRECTOR, Role.ADMINISTRATOR])
def test_only_sales_and_the_partner_comment(case: UseCase, role: Role) -> None:
    with pytest.raises(NotAllowed):
        say(case, UserFactory(roles=[role], is_superuser=True))


@pytest.mark.clause("C8")
def test_another_partner_does_not_comment(case: UseCase) -> None:
    with pytest.raises(NotAllowed):
        say(case, active_partner("Karl Jensen").user)


@pytest.mark.clause("C8")
def test_a_seller_does_not_comment_on_their_own_use_case_under_another_account(case: UseCase) -> None:
    name, domain = case.partner.user.email.split("@")

    with pytest.raises(OwnReferral):
        say(case, UserFactory(email=f"{name}+semi@{domain}", roles=[Role.SALES]))


@pytest.mark.clause("C8")
def test_what_sales_cannot_see_it_does_not_comment_on(ines: Partner) -> None:
    case = a_use_case(ines)
    assert desk(seller()).get(reverse("desk:use_case", args=[case.pk])).status_code == 404

    with pytest.raises(ReferralNotOpen):
        say(case, ines.user)


@pytest.mark.clause("C8")
@pytest.mark.parametrize(("text", "refusal"), [(" \x00 ", CommentMissing), ("x" * 4001, CommentTooLong)])
def test_a_comment_says_something_and_not_too_much(
    case: UseCase, text: str, refusal: type[Exception]
) -> None:
    with pytest.raises(refusal):
        say(case, seller(), text)


@pytest.mark.clause("C8")
@pytest.mark.django_db(transaction=True)
def test_two_presses_at_once_say_it_once() -> None:
    case, tom = registered(active_partner()).use_cases.get(), seller()

    raised = at_once(lambda: say(case, tom), lambda: say(case, tom))

    assert raised == []
    assert UseCaseComment.objects.count() == 1
    assert OutboxMessage.objects.filter(kind="referrals.use_case_commented").count() == 1


@pytest.mark.clause("C8")
@pytest.mark.parametrize("change", ["text", "author_id", "delete"])
def test_the_database_keeps_a_comment_as_it_was_said(case: UseCase, change: str) -> None:
    comment = say(case, seller())
    rows = UseCaseComment.objects.filter(pk=comment.pk)

    with pytest.raises(IntegrityError, match="comments are only added"):
        if change == "delete":
            rows.delete()
        else:
            rows.update(**{change: case.partner.user_id if change == "author_id" else "Other"})


@pytest.mark.clause("C8")
def test_an_erased_comment_is_not_mailed(case: UseCase) -> None:
    comment = say(case, seller())
    UseCaseComment.objects.filter(pk=comment.pk).update(text="")
    before = len(mail.outbox)

    for message in OutboxMessage.objects.filter(kind="referrals.use_case_commented"):
        assert "documents" not in str(message.payload)
    deliver_all()

    assert not any("comment on" in letter.subject for letter in mail.outbox[before:])


@pytest.mark.clause("C8")
def test_the_trail_of_a_comment_holds_ids_alone(case: UseCase) -> None:
    comment = say(case, seller(), "Very secret")

    assert AuditEntry.objects.get(action="use_case.commented").data == {"comment": comment.pk}


@pytest.mark.clause("C8")
def test_comments_cost_a_page_no_query_each(
    ines: Partner, portal: Client, django_assert_max_num_queries
) -> None:
    referral: Referral = registered(ines)
    case, tom = referral.use_cases.get(), seller()
    counts: list[int] = []
    for extra in ("one", "two", "three"):
        say(case, tom, extra)
        with django_assert_max_num_queries(60) as seen:
            portal.get(referral.get_absolute_url())
        counts.append(len(seen.captured_queries))

    assert counts[0] == counts[2]
