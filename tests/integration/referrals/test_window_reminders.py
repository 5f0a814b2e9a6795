"""Who is reminded that a window ends (C2)."""

from datetime import time, timedelta

import pytest

from referrals.models import Referral
from referrals.services.deadlines import remind_of_deadlines
from ssp.core.periods import at_local
from tests.factories.core import UserFactory
from tests.factories.referrals import confirmed_warm, sales_lead
from tests.integration.referrals.conftest import deliver_all
from tests.integration.referrals.test_mails import subjects
from tests.mailserver import Inbox

pytestmark = pytest.mark.django_db


@pytest.mark.clause("C2")
@pytest.mark.usefixtures("at_monday")
@pytest.mark.parametrize("seller_is", ["nobody", "somebody who left sales"])
def test_a_window_without_a_responsible_seller_is_the_sales_leads(inbox: Inbox, seller_is: str) -> None:
    case, leads = confirmed_warm(), [sales_lead(), sales_lead("Simon Wouters")]
    gone = None if seller_is == "nobody" else UserFactory()
    Referral.objects.filter(pk=case.referral_id).update(seller=gone)
    assert case.window_ends_on is not None
    deliver_all()
    inbox.messages.clear()

    remind_of_deadlines(at=at_local(case.window_ends_on - timedelta(days=14), time(9)))
    deliver_all()

    for lead in leads:
        assert [s.split(": ")[1] for s in subjects(inbox, lead.email)] == ["14 days left to sign"]
    assert gone is None or not inbox.to(gone.email)
