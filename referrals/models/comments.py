"""What sales and the partner say to each other about a use case (C8)."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from referrals import guards
from referrals.models.use_cases import UseCase
from ssp.core.models import User


class UseCaseComment(models.Model):
    """A remark beside the partner's definition, which stays as it is. Only added, never changed."""

    use_case = models.ForeignKey(UseCase, on_delete=models.PROTECT, related_name="comments")
    author = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    text = models.TextField(_("comment"))
    written_at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["use_case", "written_at"], name="use_case_comment_in_order")]
        triggers = [guards.COMMENT_IS_KEPT]

    @property
    def is_from_partner(self) -> bool:
        return self.author_id == self.use_case.partner.user_id
