"""The tables of the partnership: terms, people, contracts."""

from partners.models.channels import (
    Announcement,
    Channel,
    ChannelAccess,
    ChannelKind,
    ChannelTask,
    partners_missing_a_channel,
)
from partners.models.contracts import (
    OPEN_ENVELOPE,
    Contract,
    ContractDocument,
    ContractReview,
    ContractStatus,
    Envelope,
    EnvelopeStatus,
)
from partners.models.endings import Ending, EndingSide
from partners.models.guides import (
    Guide,
    GuideAddress,
    GuideQuerySet,
    GuideVersion,
    Topic,
)
from partners.models.library import (
    Resource,
    ResourceDownload,
    ResourceFolder,
    ResourcePreview,
    ResourceVersion,
)
from partners.models.moving_in import MoveIn, MoveInPaper, MoveInRow
from partners.models.people import (
    Application,
    ApplicationStatus,
    Partner,
    PartnerQuerySet,
    RecruitInvitation,
)
from partners.models.profiles import Profile, ProfileAddress, ProfilePhoto, ProfileQuerySet
from partners.models.signs import SamePersonSign, SignAcknowledgement, SignReason
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
    "Announcement",
    "Application",
    "ApplicationStatus",
    "BonusBasis",
    "CapUnit",
    "Channel",
    "ChannelAccess",
    "ChannelKind",
    "ChannelTask",
    "CommissionModel",
    "Contract",
    "ContractDocument",
    "ContractReview",
    "ContractStatus",
    "Ending",
    "EndingSide",
    "Envelope",
    "EnvelopeStatus",
    "Guide",
    "GuideAddress",
    "GuideQuerySet",
    "GuideVersion",
    "MoveIn",
    "MoveInPaper",
    "MoveInRow",
    "Numbers",
    "Partner",
    "PartnerQuerySet",
    "Profile",
    "ProfileAddress",
    "ProfilePhoto",
    "ProfileQuerySet",
    "ProgramTerms",
    "ProgramTermsQuerySet",
    "RecruitInvitation",
    "Resource",
    "ResourceDownload",
    "ResourceFolder",
    "ResourcePreview",
    "ResourceVersion",
    "SamePersonSign",
    "SignAcknowledgement",
    "SignReason",
    "Tier",
    "Topic",
    "partners_missing_a_channel",
]
