"""The applicant's page always says what happens next, and when; the papers carry their hashes (C6)."""

import hashlib
import io
import re
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal

import pypdf
import pytest
from django.test import Client
from django.urls import reverse

from partners import documents, queries
from partners.models import Application, Contract, ContractReview, ContractStatus, Envelope, Partner
from partners.services.applications import reject_application, submit_application
from partners.services.contracts import change_numbers, review_contract
from partners.services.envelopes import apply_envelope_state, resend_contract, send_envelope
from ssp.core import clock
from ssp.core.models import User
from ssp.docusign.client import EnvelopeState
from tests.factories.partners import (
    ApplicationFactory,
    ContractFactory,
    DirectorFactory,
    PartnerFactory,
    ProgramTermsFactory,
    approve,
    ended,
)
from tests.integration.partners.conftest import Courier, approve_twice
from tests.moments import MONDAY

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.clause("C6"),
    pytest.mark.usefixtures("at_monday", "empty_cache"),
]
SignIn = Callable[[User], Client]


@pytest.fixture
def application() -> Application:
    application = ApplicationFactory()
    submit_application(
        application=application, terms=ProgramTermsFactory(), by=application.applicant, at=MONDAY
    )
    application.refresh_from_db()
    return application


def contract_of(application: Application) -> Contract:
    assert application.partner
    return application.partner.contracts.get()


def envelope_of(application: Application) -> Envelope:
    return contract_of(application).envelopes.latest("pk")


def send(application: Application, courier: Courier) -> None:
    send_envelope(envelope=envelope_of(application), service=courier, at=MONDAY, wall=MONDAY)


def happens(application: Application, state: EnvelopeState, reason: str = "") -> None:
    apply_envelope_state(
        envelope=envelope_of(application), state=state, moment=MONDAY, at=MONDAY, reason=reason
    )


def page(client: Client) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", client.get("/application/").text))


def test_in_review_it_names_the_day(sign_in: SignIn, application: Application) -> None:
    assert "We aim to decide by Mon 30 Nov 2026" in page(sign_in(application.applicant))


def test_late_it_says_so_and_what_was_promised(sign_in: SignIn, application: Application) -> None:
    client = sign_in(application.applicant)
    clock.install(lambda: MONDAY + timedelta(days=8))

    assert "longer than we aim for: we meant to decide by Mon 30 Nov 2026" in page(client)


def test_returned_to_draft_it_says_who_acts(sign_in: SignIn, application: Application) -> None:
    review_contract(
        contract=contract_of(application),
        director=DirectorFactory(),
        decision=ContractReview.Decision.REJECTED,
        reason="The cap is wrong; he is somebody's cousin.",
        version=1,
        at=MONDAY,
    )

    text = page(sign_in(application.applicant))

    assert "Your contract is being changed" in text
    assert "cousin" not in text  # what directors tell each other stays with them


def test_just_approved_it_is_being_sent(sign_in: SignIn, application: Application) -> None:
    approve_twice(contract_of(application))

    assert "The e-mail to sign it arrives within a few minutes" in page(sign_in(application.applicant))


def test_in_an_outage_it_says_since_when(sign_in: SignIn, application: Application) -> None:
    approve_twice(contract_of(application))
    client = sign_in(application.applicant)
    clock.install(lambda: MONDAY + timedelta(minutes=31))

    assert "hasn't taken your contract since 10:00 on Mon 23 Nov 2026" in page(client).replace("&#x27;", "'")


def test_at_the_signature_it_says_where_the_mail_went(
    sign_in: SignIn, application: Application, courier: Courier
) -> None:
    approve_twice(contract_of(application))
    send(application, courier)

    text = page(sign_in(application.applicant))

    assert f"sent it to {application.applicant.email} on Mon 23 Nov 2026" in text
    assert contract_of(application).documents.get().sha256 in text


def test_declined_to_sign_it_says_that_we_know_why(
    sign_in: SignIn, application: Application, courier: Courier
) -> None:
    approve_twice(contract_of(application))
    send(application, courier)
    happens(application, EnvelopeState.DECLINED, "Too low.")

    assert "You declined to sign" in page(sign_in(application.applicant))


def test_not_signed_in_time_and_sent_again(
    sign_in: SignIn, application: Application, courier: Courier
) -> None:
    approve_twice(contract_of(application))
    send(application, courier)
    happens(application, EnvelopeState.VOIDED)
    client = sign_in(application.applicant)
    assert "The signing link is no longer valid" in page(client)

    resend_contract(contract=contract_of(application), by=DirectorFactory(), at=MONDAY)

    assert "We send you the contract again" in page(client)


def test_declined_it_gives_the_reason_and_a_way_back(sign_in: SignIn, application: Application) -> None:
    reject_application(
        application=application, reason="Too far from search.", by=DirectorFactory(), at=MONDAY
    )

    text = page(sign_in(application.applicant))

    assert "Too far from search." in text
    assert "Apply again" in text


def test_a_former_partner_is_led_from_the_application_to_what_is_left(sign_in: SignIn) -> None:
    partner = PartnerFactory()
    ended(partner, at=MONDAY)
    application = ApplicationFactory(
        applicant=partner.user, partner=partner, terms=ProgramTermsFactory(), submitted_at=MONDAY
    )
    application.submit()
    application.accept()
    application.save()

    answer = sign_in(partner.user).get("/application/")

    assert (answer.status_code, answer.headers["Location"]) == (302, "/partnership/")


# --- the paper ------------------------------------------------------------------------
def text_of(pdf: bytes) -> str:
    return "\n".join(sheet.extract_text() for sheet in pypdf.PdfReader(io.BytesIO(pdf)).pages)


def words(text: str) -> str:
    return re.sub(r"\s+", " ", text.replace("-\n", "-"))


def test_the_contract_says_each_number_in_words_and_figures() -> None:
    contract = ContractFactory(recurring_percent=Decimal("12.5"), first_invoice_percent=33, cap_count=2)

    text = words(text_of(documents.render_contract(contract, approvals=[])))

    for said in (
        "twelve point five per cent (12.5%)",
        "thirty-three per cent (33%)",
        "ten per cent (10%)",
        "two (2) years",
        "thirty (30) days",
        "sixty (60) days",
        "six (6) calendar months",
    ):
        assert said in text
    assert re.search(r"Page 1 of \d", text)
    assert f"Contract {contract.number}, version 1" in text


def test_both_approvals_are_printed_with_their_moments() -> None:
    contract = ContractFactory()
    approve(contract, at=MONDAY)
    approvals = queries.approvals(contract)

    text = words(text_of(documents.render_contract(contract, approvals=approvals)))

    for review in approvals:
        assert f"Approved by {review.director.full_name}" in text
    assert text.count("Director, 23 November 2026, 10:00 (Amsterdam)") == 2
    assert "Draft for review" not in text


def test_the_fingerprint_is_the_same_on_the_draft_and_on_the_copy_to_sign() -> None:
    contract = ContractFactory()
    draft = text_of(documents.render_contract(contract, approvals=[]))
    approve(contract)
    final = text_of(documents.render_contract(contract, approvals=queries.approvals(contract)))

    fingerprint = documents.facts_sha256(contract)

    assert fingerprint in draft
    assert fingerprint in final


def test_another_number_is_another_fingerprint() -> None:
    contract = ContractFactory()
    before = documents.facts_sha256(contract)

    changed = change_numbers(
        contract=contract, numbers={"cap_count": 2}, version=1, by=DirectorFactory(), at=MONDAY
    )

    assert documents.facts_sha256(changed) != before


def test_a_name_that_changes_between_two_approvals_stays_what_was_approved() -> None:
    contract = ContractFactory()
    before = documents.facts_sha256(contract)

    User.objects.filter(partner=contract.partner).update(full_name="Somebody Else", email="other@new.example")
    Partner.objects.filter(pk=contract.partner_id).update(legal_name="Another Ltd", display_name="Another")

    assert documents.facts_sha256(Contract.objects.whole().get(pk=contract.pk)) == before


def test_the_stored_hash_is_the_files(application: Application, courier: Courier) -> None:
    approve_twice(contract_of(application))
    send(application, courier)

    paper = contract_of(application).documents.get()

    assert paper.sha256 == hashlib.sha256(courier.sent[0]["document_pdf"]).hexdigest()  # type: ignore[arg-type]


# --- the frame -------------------------------------------------------------------------
def test_the_preview_alone_may_stand_in_a_frame_of_ours(sign_in: SignIn) -> None:
    contract = ContractFactory()
    client = sign_in(DirectorFactory())

    preview = client.get(reverse("admin:partners_contract_preview", args=[contract.pk]))
    review = client.get(reverse("admin:partners_contract_review", args=[contract.pk]))

    assert preview.headers["X-Frame-Options"] == "SAMEORIGIN"
    assert "frame-ancestors 'self'" in preview.headers["Content-Security-Policy"]
    assert review.headers["X-Frame-Options"] == "DENY"
    assert "frame-ancestors 'none'" in review.headers["Content-Security-Policy"]


def test_the_review_shows_the_paper_the_fingerprint_and_a_link(sign_in: SignIn) -> None:
    contract = ContractFactory()
    preview = reverse("admin:partners_contract_preview", args=[contract.pk])

    text = sign_in(DirectorFactory()).get(reverse("admin:partners_contract_review", args=[contract.pk])).text

    assert f'<iframe src="{preview}' in text
    assert f'<a href="{preview}"' in text
    assert documents.facts_sha256(contract) in text
    assert contract.status == ContractStatus.IN_REVIEW


def test_once_it_was_sent_directors_see_the_very_file(
    sign_in: SignIn, application: Application, courier: Courier
) -> None:
    approve_twice(contract_of(application))
    send(application, courier)
    application.applicant.full_name = "Another Name"
    application.applicant.save()
    client, contract = sign_in(DirectorFactory()), contract_of(application)

    shown = client.get(reverse("admin:partners_contract_preview", args=[contract.pk]))

    assert b"".join(shown.streaming_content) == courier.sent[0]["document_pdf"]
    assert (
        contract.documents.get().sha256
        in client.get(reverse("admin:partners_contract_review", args=[contract.pk])).text
    )
