"""Moving in: partners who signed on paper before this software was there, and the files they come in (C6)."""

from typing import TYPE_CHECKING, Self

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from partners.models import moving_triggers
from partners.models.contracts import Contract
from partners.models.people import Partner
from ssp.core.batches import Batch
from ssp.core.models import User

if TYPE_CHECKING:
    from django.db.models.fields.related_descriptors import RelatedManager


class MoveIn(Batch):
    """One spreadsheet of partners with paper contracts, and the signed PDFs that came with it."""

    taken_back_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    taken_back_at = models.DateTimeField(null=True, blank=True)

    if TYPE_CHECKING:
        papers: RelatedManager["MoveInPaper"]
        rows: RelatedManager["MoveInRow"]

    class Meta:
        verbose_name = _("file of partners")
        verbose_name_plural = _("move partners in")
        constraints = [
            models.CheckConstraint(
                condition=Q(taken_back_at__isnull=True) | Q(committed_at__isnull=False),
                name="move_in_taken_back_after_commit",
            )
        ]

    @property
    def state(self) -> str:
        """Whether it is a preview, moved in, or taken back."""
        if self.taken_back_at:
            return "taken_back"
        return "committed" if self.committed_at else "preview"


class MoveInPaper(models.Model):
    """A signed PDF as it was handed in. Its file becomes the contract's document."""

    move_in = models.ForeignKey(MoveIn, on_delete=models.CASCADE, related_name="papers")
    name = models.CharField(max_length=200)
    file = models.FileField(upload_to="moving-in/")
    sha256 = models.CharField(max_length=64)
    pages = models.PositiveSmallIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                models.F("move_in"), models.functions.Lower("name"), name="move_in_paper_one_per_name"
            )
        ]

    def __str__(self) -> str:
        return self.name


class MoveInRowQuerySet(models.QuerySet["MoveInRow"]):
    def live(self) -> Self:
        """Not taken back."""
        return self.filter(taken_back_at__isnull=True)

    def waiting(self) -> Self:
        """Without a contract yet: their recruiter must be a partner first."""
        return self.live().filter(contract__isnull=True)


class MoveInRow(models.Model):
    """One partner of a file that was applied. It gets its contract once its recruiter is a partner (C22)."""

    move_in = models.ForeignKey(MoveIn, on_delete=models.PROTECT, related_name="rows")
    number = models.PositiveIntegerField()  # as the spreadsheet shows it
    facts = models.JSONField()  # what the row says, normalised: partners.intake.Facts
    identity = models.CharField(max_length=64, editable=False)
    slot = models.PositiveSmallIntegerField(null=True, blank=True)  # of the file, or by order of signature
    paper = models.ForeignKey(MoveInPaper, on_delete=models.PROTECT, related_name="rows")
    recruiter = models.ForeignKey(Partner, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    recruiter_row = models.ForeignKey(
        "self", on_delete=models.PROTECT, null=True, blank=True, related_name="recruit_rows"
    )
    contract = models.OneToOneField(
        Contract, on_delete=models.PROTECT, null=True, blank=True, related_name="move_in_row"
    )
    problem = models.TextField(blank=True)  # why it got no contract when its recruiter became a partner
    taken_back_at = models.DateTimeField(null=True, blank=True)
    # The link with which its partner chooses a password, once both directors attested the paper.
    token_salt = models.CharField(max_length=32, blank=True, editable=False)
    token_hash = models.CharField(max_length=64, unique=True, null=True, blank=True, editable=False)
    link_expires_at = models.DateTimeField(null=True, blank=True)
    joined_at = models.DateTimeField(null=True, blank=True)

    objects = MoveInRowQuerySet.as_manager()

    if TYPE_CHECKING:
        recruit_rows: RelatedManager["MoveInRow"]

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["move_in", "number"], name="move_in_row_one_per_number"),
            models.UniqueConstraint(  # C22: nobody moves in twice
                fields=["identity"],
                condition=Q(taken_back_at__isnull=True),
                name="move_in_row_one_per_person",
            ),
            models.CheckConstraint(
                condition=Q(recruiter__isnull=True) | Q(recruiter_row__isnull=True),
                name="move_in_row_one_recruiter",
            ),
        ]
        triggers = [moving_triggers.MOVE_IN_ROW_IS_KEPT]

    def __str__(self) -> str:
        return f"{self.move_in} {self.number}"
