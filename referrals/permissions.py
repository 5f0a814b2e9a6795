"""Who may do what with referrals: `check_x` raises, `can_x` answers."""

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from partners.models import Partner
from partners.permissions import is_person
from referrals.errors import (
    ExtenderEarns,
    ExtendsOwnWindow,
    ExtensionNeedsDirector,
    OwnReferral,
    SellerIsThePartner,
)
from referrals.models import Company, UseCase
from referrals.models.notes import Subject
from ssp.core.errors import NotAllowed
from ssp.core.identity import identity_of
from ssp.core.models import User
from ssp.core.roles import DESK_ROLES, Role


def can_host(user: User) -> bool:
    return user.has_any_role(*DESK_ROLES)


def hosts() -> QuerySet[User]:
    """Return those who may host an introduction meeting, by name."""
    return User.objects.with_role(*DESK_ROLES).order_by("full_name", "pk")


def sales_leads() -> QuerySet[User]:
    return User.objects.with_role(Role.SALES_LEAD).order_by("pk")


CONTACT_ROLES = (*DESK_ROLES, Role.ADMINISTRATOR)  # who keeps the known contacts


def check_keeps_contacts(user: User) -> None:
    """:raises NotAllowed: sales and administrators import known contacts, and undo that (C10)."""
    if not user.has_any_role(*CONTACT_ROLES):
        raise NotAllowed


def check_sells(user: User) -> None:
    """:raises NotAllowed: only sales works on referrals and deals."""
    if not user.has_any_role(*DESK_ROLES):
        raise NotAllowed


def check_comments(user: User, use_case: UseCase) -> None:
    """Let a use case's partner comment on it, and sales, each on their own side (C8).

    :raises NotAllowed: neither.  :raises OwnReferral: a seller who is that partner, under another account.
    """
    if use_case.partner.user_id == user.pk:
        return
    check_sells(user)
    check_not_own(user, use_case.partner)


def check_keeps_notes(user: User, subject: Subject) -> None:
    """Let sales read and write what sales notes, but never about one's own business as a partner.

    :raises NotAllowed: somebody else.  :raises OwnReferral: a partner it is about, under any account; of a
        company, everybody who introduced somebody there.
    """
    check_sells(user)
    if isinstance(subject, Company):
        partners = list(Partner.objects.filter(referrals__company=subject).select_related("user").distinct())
    else:
        partners = [subject if isinstance(subject, Partner) else subject.partner]
    for partner in partners:
        check_not_own(user, partner)


def can_keep_notes(user: User, subject: Subject) -> bool:
    try:
        check_keeps_notes(user, subject)
    except (NotAllowed, OwnReferral):
        return False
    return True


def check_leads_sales(user: User) -> None:
    """:raises NotAllowed: only a sales lead settles."""
    if not user.has_role(Role.SALES_LEAD):
        raise NotAllowed


def check_answers_people(user: User) -> None:
    """Let sales leads and administrators see everything held about a person (*People's data*).

    :raises NotAllowed: anybody else.
    """
    if not user.has_any_role(Role.SALES_LEAD, Role.ADMINISTRATOR):
        raise NotAllowed


def is_own(user: User, partner: Partner) -> bool:
    """Tell whether somebody at SeMI is that partner, under this account or another one."""
    return is_person(partner, user, identity_of(user.email))


def check_not_own(user: User, partner: Partner) -> None:
    """Refuse somebody at SeMI who is that partner: nobody hosts, settles or wins their own (C1, C14).

    :raises OwnReferral: under this account, or another one of the same person.
    """
    if is_person(partner, user, identity_of(user.email)):
        raise OwnReferral


def check_seller(user: User) -> None:
    """:raises NotAllowed: only somebody of sales can be responsible."""
    if not user.has_any_role(*DESK_ROLES):
        raise NotAllowed(_("Choose somebody from the sales team."))


def check_can_be_seller(user: User, partner: Partner) -> None:
    """Let somebody of sales be responsible for what a partner brings in, unless it is their own (C1).

    :raises NotAllowed: not of sales.  :raises SellerIsThePartner: under any account of the same person.
    """
    check_seller(user)
    if is_own(user, partner):
        raise SellerIsThePartner


def check_may_extend(user: User, partner: Partner) -> None:
    """Let one director extend a window who isn't the partner and doesn't earn from them (C2).

    :raises ExtensionNeedsDirector, ExtendsOwnWindow, ExtenderEarns: under any account of the same person.
    """
    if not user.has_role(Role.DIRECTOR):
        raise ExtensionNeedsDirector
    identity = identity_of(user.email)
    if is_person(partner, user, identity):
        raise ExtendsOwnWindow
    if partner.recruiter is not None and is_person(partner.recruiter, user, identity):
        raise ExtenderEarns
