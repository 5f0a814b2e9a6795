"""What sales notes for itself, about a person, a use case, a company or a partner. No partner reads it."""

from typing import Self

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from partners.models import Partner
from referrals import guards
from referrals.models.people import Company, Referral
from referrals.models.use_cases import UseCase
from ssp.core.models import User

Subject = Referral | UseCase | Company | Partner
SUBJECTS: dict[type[models.Model], str] = {
    Referral: "referral",
    UseCase: "use_case",
    Company: "company",
    Partner: "partner",
}


def _only(name: str) -> Q:
    return Q(**{f"{each}__isnull": each != name for each in SUBJECTS.values()})


class NoteQuerySet(models.QuerySet["Note"]):
    def about(self, subject: Subject) -> Self:
        return self.filter(**{SUBJECTS[type(subject)]: subject})

    def kept(self) -> Self:
        """Whose text wasn't erased."""
        return self.exclude(text="")

    def newest_first(self) -> Self:
        return self.select_related("author").order_by("-written_at", "-pk")


class Note(models.Model):
    """One remark, only added. An erased text is empty: it goes with the person it is about."""

    referral = models.ForeignKey(Referral, on_delete=models.PROTECT, null=True, related_name="notes")
    use_case = models.ForeignKey(UseCase, on_delete=models.PROTECT, null=True, related_name="notes")
    company = models.ForeignKey(Company, on_delete=models.PROTECT, null=True, related_name="notes")
    partner = models.ForeignKey(Partner, on_delete=models.PROTECT, null=True, related_name="notes")
    author = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    text = models.TextField(_("note"))
    written_at = models.DateTimeField()

    objects = NoteQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=_only("referral") | _only("use_case") | _only("company") | _only("partner"),
                name="note_about_one_thing",
            )
        ]
        indexes = [
            models.Index(fields=[name, "written_at"], condition=_only(name), name=f"note_about_{name}")
            for name in SUBJECTS.values()
        ]
        triggers = [guards.NOTE_IS_KEPT, guards.NOTE_ABOUT_SOMEBODY]
