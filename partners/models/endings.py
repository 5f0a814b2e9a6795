"""How a partnership ends (*Ending*), and when somebody came back (C6)."""

from datetime import date, datetime
from typing import Any, Self

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from partners.models import ending_triggers as triggers
from partners.models.contracts import Contract
from partners.models.people import Partner
from ssp.core.models import User


class EndingSide(models.TextChoices):
    PARTNER = "partner", _("the partner")
    SEMI = "semi", _("SeMI")


class EndingQuerySet(models.QuerySet["Ending"]):
    def standing(self) -> Self:
        """Decided, not taken back, not overtaken by an ending for cause, and nobody came back since."""
        return self.filter(
            ends_at__isnull=False, withdrawn_at__isnull=True, replaced_by=None, rejoined_at__isnull=True
        )

    def proposed(self) -> Self:
        """For cause, and still without the second director's word."""
        return self.filter(kind=Partner.EndKind.CAUSE, ends_at__isnull=True, withdrawn_at__isnull=True)

    def happened(self, *, at: datetime) -> Self:
        """Those whose moment had come by then, whatever followed."""
        return self.filter(ends_at__lte=at, withdrawn_at__isnull=True, replaced_by=None)

    def due(self, *, at: datetime) -> Self:
        """Those whose moment has come and whose news nobody was told."""
        return self.happened(at=at).filter(carried_out_at__isnull=True)

    def for_cause(self, *, since: Any) -> Self:
        """Those for cause that took along what began `since` then: before the partner came back, if they did.

        Not by the moment of the end: two who press at once may each have read the clock before the other.
        """
        return self.filter(kind=Partner.EndKind.CAUSE, ends_at__isnull=False).filter(
            Q(rejoined_at__isnull=True) | Q(rejoined_at__gt=since)
        )

    def covering(self, at: datetime) -> Self:
        """Those in whose time without a partnership that moment lies."""
        return self.happened(at=at).filter(Q(rejoined_at__isnull=True) | Q(rejoined_at__gt=at))


class Ending(models.Model):
    """The end of one partnership: by notice with a last day, or for cause, at once, by two directors.

    Rows are kept: a notice may be taken back before its day, an ending is undone only by a new contract.
    The partner's `ended_at` and `end_kind` say the same about the present; a trigger holds them together.
    """

    Kind = Partner.EndKind
    Side = EndingSide

    partner = models.ForeignKey(Partner, on_delete=models.PROTECT, related_name="endings")
    contract = models.ForeignKey(Contract, on_delete=models.PROTECT, related_name="endings")
    kind = models.CharField(_("how"), max_length=10, choices=Partner.EndKind)
    side = models.CharField(_("by"), max_length=10, choices=EndingSide)
    reason = models.TextField(_("reason"), blank=True)
    given_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    given_at = models.DateTimeField()
    confirmed_by = models.ForeignKey(  # for cause: the second director
        User, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    last_on = models.DateField(_("last day"), null=True, blank=True)  # inclusive, in Amsterdam
    ends_at = models.DateTimeField(null=True, blank=True)  # nothing while only proposed
    evidence = models.JSONField(default=dict)  # what was shown before the button: ids, dates and sums
    withdrawn_at = models.DateTimeField(null=True, blank=True)
    withdrawn_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    replaced_by = models.OneToOneField(  # a notice that an ending for cause overtook
        "self", on_delete=models.PROTECT, null=True, blank=True, related_name="replaces"
    )
    carried_out_at = models.DateTimeField(null=True, blank=True)  # when everybody was owed the news
    rejoined_at = models.DateTimeField(null=True, blank=True)
    rejoined_with = models.ForeignKey(
        Contract, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )

    objects = EndingQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["partner"],
                condition=Q(
                    ends_at__isnull=False,
                    withdrawn_at__isnull=True,
                    replaced_by__isnull=True,
                    rejoined_at__isnull=True,
                ),
                name="ending_one_standing_per_partner",
            ),
            models.UniqueConstraint(
                fields=["partner"],
                condition=Q(kind="cause", ends_at__isnull=True, withdrawn_at__isnull=True),
                name="ending_one_proposed_per_partner",
            ),
            models.CheckConstraint(
                condition=Q(ends_at__isnull=True, last_on__isnull=True)
                | Q(ends_at__isnull=False, last_on__isnull=False),
                name="ending_moment_has_last_day",
            ),
            models.CheckConstraint(
                condition=Q(kind="notice", ends_at__isnull=False, confirmed_by__isnull=True)
                | Q(kind="cause", side="semi", ends_at__isnull=True, confirmed_by__isnull=True)
                | Q(kind="cause", side="semi", ends_at__isnull=False, confirmed_by__isnull=False),
                name="ending_for_cause_is_confirmed",
            ),
            models.CheckConstraint(
                condition=Q(confirmed_by__isnull=True) | ~Q(confirmed_by=F("given_by")),
                name="ending_for_cause_by_two",
            ),
            models.CheckConstraint(
                condition=Q(side="partner") | ~Q(reason=""), name="ending_by_semi_has_reason"
            ),
            models.CheckConstraint(
                condition=Q(withdrawn_at__isnull=True)
                | Q(ends_at__isnull=True)
                | Q(withdrawn_at__lt=F("ends_at")),
                name="ending_withdrawn_before_its_moment",
            ),
            models.CheckConstraint(
                condition=Q(rejoined_at__isnull=True, rejoined_with__isnull=True)
                | Q(rejoined_at__gte=F("ends_at"), rejoined_with__isnull=False, withdrawn_at__isnull=True),
                name="ending_rejoined_with_a_contract",
            ),
        ]
        indexes = [
            models.Index(
                fields=["ends_at"],
                condition=Q(carried_out_at__isnull=True, withdrawn_at__isnull=True),
                name="ending_to_carry_out",
            )
        ]
        triggers = [triggers.ENDING_BY_WHOM, triggers.ENDING_IS_KEPT, triggers.ENDING_STAYS]

    def __str__(self) -> str:
        return f"{self.partner}: {self.get_kind_display()}"

    @property
    def is_proposed(self) -> bool:
        """Tell whether it waits for a second director."""
        return self.ends_at is None and self.withdrawn_at is None

    @property
    def is_standing(self) -> bool:
        """Tell whether it counts now or will on its day."""
        return (
            self.ends_at is not None
            and self.withdrawn_at is None
            and self.replaced_by_id is None
            and self.rejoined_at is None
        )

    def has_happened(self, *, at: datetime) -> bool:
        """Tell whether the partnership was over by then."""
        return self.ends_at is not None and self.ends_at <= at and self.withdrawn_at is None

    def last_day(self) -> date:
        """Return the last day, inclusive, of an ending that was decided."""
        assert self.last_on is not None  # constraint: it goes with `ends_at`
        return self.last_on
