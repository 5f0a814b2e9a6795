"""Mails over real SMTP: text and HTML of equal worth, recognisable at a repeat."""

from datetime import timedelta

import pytest

from ssp.core import clock, staff, tasks
from ssp.core.models import OutboxMessage, StaffInvitation
from ssp.core.roles import Role
from tests.factories.core import UserFactory
from tests.mailserver import Inbox
from tests.moments import MONDAY

pytestmark = pytest.mark.django_db


@pytest.fixture
def invitation() -> StaffInvitation:
    return staff.invite_staff(
        email="new@semi.example",
        full_name="Nina New",
        role=Role.SALES,
        by=UserFactory(roles=[Role.ADMINISTRATOR]),
        at=MONDAY,
    )


def test_a_mail_has_a_text_and_an_html_part_with_the_same_link(inbox: Inbox, invitation) -> None:
    tasks.sweep()
    (mail,) = inbox.to("new@semi.example")
    text = mail.get_body(("plain",)).get_content()
    html = mail.get_body(("html",)).get_content()
    (link,) = {word for word in text.split() if "/join/staff/" in word}
    assert link in html


def test_a_mail_sent_twice_is_recognisable_as_one(inbox: Inbox, invitation) -> None:
    tasks.sweep()
    OutboxMessage.objects.update(done_at=None, next_try_at=clock.wall())  # the worker died before its mark
    tasks.sweep()
    first, second = inbox.to("new@semi.example")
    assert first["Message-ID"] == second["Message-ID"]
    assert first.get_body(("plain",)).get_content() == second.get_body(("plain",)).get_content()


def test_a_busy_mail_server_is_tried_again(inbox: Inbox, invitation) -> None:
    inbox.refusing = True
    tasks.sweep()
    inbox.refusing = False
    OutboxMessage.objects.update(next_try_at=clock.wall() - timedelta(seconds=1))
    tasks.sweep()
    assert len(inbox.to("new@semi.example")) == 1
