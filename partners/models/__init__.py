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
from partners.models.library import (
    Resource,
    ResourceDownload,
    ResourceFolder,
    ResourcePreview,
    ResourceVersion,
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
    "Numbers",
    "Partner",
    "PartnerQuerySet",
    "ProgramTerms",
    "ProgramTermsQuerySet",
    "RecruitInvitation",
    "Resource",
    "ResourceDownload",
    "ResourceFolder",
    "ResourcePreview",
    "ResourceVersion",
    "Tier",
]
