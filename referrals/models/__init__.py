"""People introduced by partners, their meetings, use cases and deals (C1-C4, C8-C12, C14, C17-C19)."""

from referrals.models.comments import UseCaseComment
from referrals.models.contacts import ContactImport, ContactSighting, KnownContact
from referrals.models.deals import LOST_TO_RESELLER, LOST_TO_SAME_NEED, Deal, DealQuerySet, DealStage
from referrals.models.disputes import Appeal, Dispute, DisputeRuling, Refusal
from referrals.models.links import UseCaseLink
from referrals.models.meetings import (
    Confirmation,
    ConfirmationAnswer,
    Discussion,
    Introduction,
    IntroductionStatus,
)
from referrals.models.moving_in import ReferralMoveIn, ReferralMoveInRow
from referrals.models.notes import Note
from referrals.models.people import LIVE_REFERRAL, Company, Referral, ReferralQuerySet, ReferralStatus
from referrals.models.probing import ProbingAlert, ProbingPattern, RefusalTrace
from referrals.models.proposals import Medium, Proposal, ProposalAnswer, ProposedTime
from referrals.models.use_cases import UseCase, UseCaseOutcome
from referrals.models.windows import WindowExtension

__all__ = [
    "LIVE_REFERRAL",
    "LOST_TO_RESELLER",
    "LOST_TO_SAME_NEED",
    "Appeal",
    "Company",
    "Confirmation",
    "ConfirmationAnswer",
    "ContactImport",
    "ContactSighting",
    "Deal",
    "DealQuerySet",
    "DealStage",
    "Discussion",
    "Dispute",
    "DisputeRuling",
    "Introduction",
    "IntroductionStatus",
    "KnownContact",
    "Medium",
    "Note",
    "ProbingAlert",
    "ProbingPattern",
    "Proposal",
    "ProposalAnswer",
    "ProposedTime",
    "Referral",
    "ReferralMoveIn",
    "ReferralMoveInRow",
    "ReferralQuerySet",
    "ReferralStatus",
    "Refusal",
    "RefusalTrace",
    "UseCase",
    "UseCaseComment",
    "UseCaseLink",
    "UseCaseOutcome",
    "WindowExtension",
]
