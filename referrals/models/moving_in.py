"""Moving in: what ran before this software was there, and the files it comes in (C1, C2, C9, C12)."""

from typing import TYPE_CHECKING

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from referrals.models.use_cases import UseCase
from ssp.core.batches import Batch

if TYPE_CHECKING:
    from django.db.models.fields.related_descriptors import RelatedManager


class ReferralMoveIn(Batch):
    """One spreadsheet of running referrals. Its rows are dropped once the referrals hold them."""

    if TYPE_CHECKING:
        rows: RelatedManager["ReferralMoveInRow"]

    class Meta:
        verbose_name = _("file of running referrals")
        verbose_name_plural = _("files of running referrals")
        constraints = [
            models.CheckConstraint(
                condition=Q(committed_at__isnull=True) | Q(content=b""),
                name="referral_move_in_keeps_no_rows",
            ),
            models.CheckConstraint(
                condition=Q(committed_at__isnull=True) | Q(committed_by__isnull=False),
                name="referral_move_in_attested_by_somebody",
            ),
        ]

    @property
    def state(self) -> str:
        """Whether it is a preview, or moved in."""
        return "committed" if self.committed_at else "preview"


class ReferralMoveInRow(models.Model):
    """A use case that came in by a file: which row, and what it became. No personal field."""

    move_in = models.ForeignKey(ReferralMoveIn, on_delete=models.PROTECT, related_name="rows")
    number = models.PositiveIntegerField()  # as the spreadsheet shows it
    use_case = models.OneToOneField(UseCase, on_delete=models.PROTECT, related_name="move_in_row")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["move_in", "number"], name="referral_move_in_row_once"),
        ]
