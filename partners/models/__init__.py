"""The tables of the partnership: terms, people, contracts."""

from partners.models.contracts import (
    OPEN_ENVELOPE,
    Contract,
    ContractDocument,
    ContractReview,
    ContractStatus,
    Envelope,
    EnvelopeStatus,
)
from partners.models.guides import (
    Guide,
    GuideAddress,
    GuideQuerySet,
    GuideVersion,
    Topic,
)
from partners.models.people import (
    Application,
    ApplicationStatus,
    Partner,
    PartnerQuerySet,
    RecruitInvitation,
)
from partners.models.terms import (
    BonusBasis,
    CapUnit,
    CommissionModel,
    Numbers,
    ProgramTerms,
    ProgramTermsQuerySet,
    Tier,
)

__all__ = [
    "OPEN_ENVELOPE",
    "Application",
    "ApplicationStatus",
    "BonusBasis",
    "CapUnit",
    "CommissionModel",
    "Contract",
    "ContractDocument",
    "ContractReview",
    "ContractStatus",
    "Envelope",
    "EnvelopeStatus",
    "Guide",
    "GuideAddress",
    "GuideQuerySet",
    "GuideVersion",
    "Numbers",
    "Partner",
    "PartnerQuerySet",
    "ProgramTerms",
    "ProgramTermsQuerySet",
    "RecruitInvitation",
    "Tier",
    "Topic",
]
