"""Every mail has its kind: who gets it, and whether it can be turned off (ADR 11)."""

import re
from pathlib import Path

from referrals import deal_letters, letters, letters_people, proposal_letters
from ssp.core.mail_kinds import all_kinds, kind_named

ROOT = Path(__file__).resolve().parents[2]
# What a clause or the law obliges us to send: no one turns these off.
ALWAYS = {
    "commissions.election_changed",
    "commissions.contest_answered",
    "commissions.contest_overdue",
    "commissions.entry_contested",
    "commissions.bank_details_entered",
    "commissions.bank_details_wanted",
    "commissions.left_out",
    "commissions.openings_entered",
    "commissions.payout_approved",
    "commissions.payout_paid",
    "commissions.statement_cancelled",
    "core.staff_invitation",
    "partners.application_rejected",
    "partners.application_submitted",
    "partners.contract_waits",
    "partners.partnership_started",
    "partners.recruit_invited",
    "referrals.claim_ended",
    "referrals.confirmation",
    "referrals.decision",
    "referrals.last_deadline",
    "referrals.meeting",
    "referrals.objected",
    "referrals.privacy_notice",
    "referrals.registered_for_you",
    "referrals.to_settle",
    "referrals.window_extended",
}


def templates() -> set[str]:
    """The mails there are templates for, as `emails.send` is told them."""
    found = (ROOT / "templates").glob("*/**/emails/*.subject.txt")
    return {str(path.relative_to(ROOT / "templates")).removesuffix(".subject.txt") for path in found}


def test_every_template_of_a_mail_has_its_kind_and_every_kind_its_template() -> None:
    assert templates() == {kind.template for kind in all_kinds()}


def test_who_shares_a_template_names_its_kind() -> None:
    """A template of several kinds says nothing by itself: then the letter does."""
    shared = [kind for kind in all_kinds() if kind.template == "referrals/emails/letter"]
    source = "".join(
        Path(str(module.__file__)).read_text()
        for module in (letters, deal_letters, letters_people, proposal_letters)
    )
    named = set(re.findall(r'"(referrals\.\w+)"', source))

    assert named == {kind.name for kind in shared}


def test_what_must_be_sent_is_always_sent() -> None:
    assert {name for name in ALWAYS if not (kind := kind_named(name)) or not kind.legal} == set()


def test_what_is_always_sent_says_why_and_nothing_else_does() -> None:
    assert [kind.name for kind in all_kinds() if bool(str(kind.reason)) != kind.legal] == []


def test_every_kind_has_words() -> None:
    assert [kind.name for kind in all_kinds() if not str(kind.label) or not str(kind.explanation)] == []


def test_what_can_be_turned_off_is_on_somebodys_page() -> None:
    assert [kind.name for kind in all_kinds() if not kind.legal and not kind.audience] == []
