"""A director changes how a use case pays, before anything is invoiced."""

from commissions.elections import change_election
from partners.models import CommissionModel
from referrals.models import UseCase
from ssp.core.models import User
from ssp.sandbox.demo.moments import Calendar


def election_changed(when: Calendar, *, director: User) -> None:
    """Let Karl's use case at Fjordlys Kraft pay by the first invoice, as he asked too late to choose it."""
    change_election(
        use_case=UseCase.objects.get(title="Incident lookup"),
        model=CommissionModel.FIRST_INVOICE,
        reason="Karl wrote to us on the day of the meeting that he prefers the first invoice.",
        by=director,
        at=when.at(4, 11, 10),
    )
