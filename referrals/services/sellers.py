"""Who is responsible for many introductions at once."""

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime

from django.db import transaction
from django.db.models import Q

from referrals.errors import SellerIsThePartner, SellerOfNobody
from referrals.models import Referral
from referrals.permissions import check_can_be_seller, check_seller, check_sells
from ssp.core import audit
from ssp.core.errors import DomainError, constraint_as
from ssp.core.models import User


@dataclass
class Assigned:
    """What became of each person that was chosen; the internal referrals of a root go with it."""

    changed: list[Referral] = field(default_factory=list)
    unchanged: list[Referral] = field(default_factory=list)
    refused: list[tuple[Referral, DomainError]] = field(default_factory=list)


@transaction.atomic
def assign_sellers(*, referral_ids: Collection[int], seller: User, by: User, at: datetime) -> Assigned:
    """Make somebody of sales responsible for many referrals, each with its whole chain (C3).

    One that can't be theirs doesn't keep the others back: it comes back with its reason.

    :raises NotAllowed: `by` or `seller` doesn't sell, so nothing is done.
    """
    check_sells(by)
    check_seller(seller)
    result = Assigned()
    for root, members in _families(referral_ids):
        try:
            _check(root, seller)
        except DomainError as refusal:
            result.refused.append((root, refusal))
            continue
        if all(each.seller_id == seller.pk for each in members):
            result.unchanged.append(root)
            continue
        ids = [each.pk for each in members]
        with constraint_as("referral_seller_is_not_its_partner", SellerIsThePartner), transaction.atomic():
            Referral.objects.filter(pk__in=ids).update(seller=seller)
        audit.record("referral.seller_assigned", root, by=by, at=at, seller=seller.pk)
        result.changed.append(root)
    return result


def _check(root: Referral, seller: User) -> None:
    if root.anonymised_at is not None:
        raise SellerOfNobody
    check_can_be_seller(seller, root.partner)


def _families(referral_ids: Collection[int]) -> list[tuple[Referral, list[Referral]]]:
    """Return each root that is meant with everybody it led to, held, in an order that all writers share."""
    meant = Referral.objects.filter(pk__in=referral_ids).values_list("pk", "root_id")
    roots = {root or pk for pk, root in meant}
    rows = (
        Referral.objects.filter(Q(pk__in=roots) | Q(root__in=roots))
        .select_related("partner__user", "company")
        .select_for_update(of=("self",), no_key=True)
        .order_by("pk")
    )
    members: dict[int, list[Referral]] = defaultdict(list)
    for row in rows:
        members[row.root_id or row.pk].append(row)
    return [(next(each for each in found if each.pk == pk), found) for pk, found in sorted(members.items())]
