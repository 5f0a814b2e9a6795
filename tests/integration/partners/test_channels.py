"""Access to channels without a bot: granted, shown, withdrawn, and the work that is left to people (C15)."""

import logging
from datetime import timedelta

import pytest
from django.db import IntegrityError, connection
from django.db.utils import ProgrammingError

from partners.errors import ChannelAccessEnded, ChannelIsRetired, ChannelLinkNotSafe, ChannelTaskClosed
from partners.models import Channel, ChannelAccess, ChannelTask, Contract, Partner
from partners.services.channel_endings import withdraw_channels, withdraw_overdue
from partners.services.channel_tasks import finish_task, take_task
from partners.services.channels import (
    ask_for_help,
    grant_channels,
    grant_to_all,
    retire_channel,
    save_channel,
    say_joined,
)
from partners.services.starting import start_partnership
from partners.tasks import keep_channels
from ssp.core import clock
from ssp.core.errors import NotAllowed
from ssp.core.models import AuditEntry, OutboxMessage
from ssp.core.roles import Role
from tests.factories.channels import LINK, ChannelFactory, SlackChannelFactory, end
from tests.factories.core import UserFactory
from tests.factories.partners import ApplicantFactory, PartnerFactory, signed_contract
from tests.integration.partners.conftest import deliver_kind
from tests.moments import MONDAY

pytestmark = pytest.mark.django_db
TUESDAY, FRIDAY = MONDAY + timedelta(days=1), MONDAY + timedelta(days=4)


def constraint_of(refusal: pytest.ExceptionInfo[IntegrityError]) -> str:
    return refusal.value.__cause__.diag.constraint_name


def lead() -> object:
    return UserFactory(roles=[Role.SALES_LEAD])


def granted(partner: Partner | None = None, **channel: object) -> ChannelAccess:
    ChannelFactory(**channel)
    (access,) = grant_channels(partner=partner or PartnerFactory(), at=MONDAY)
    return access


def signature() -> Contract:
    """A contract signed just now, of somebody whose partnership hasn't started."""
    return signed_contract(ApplicantFactory(), at=MONDAY)


# --- granting ---------------------------------------------------------------------
@pytest.mark.clause("C15")
def test_access_is_granted_when_the_partnership_starts(at_monday, inbox) -> None:
    channel = ChannelFactory()
    partner = start_partnership(signature(), started_at=MONDAY, at=MONDAY)

    deliver_kind("partners.grant_channels")
    deliver_kind("partners.channels_granted")

    access = ChannelAccess.objects.get()
    assert (access.partner, access.channel, access.how) == (partner, channel, ChannelAccess.How.LINK)
    (mail,) = inbox.to(partner.user.email)
    assert channel.name in mail.get_body(("plain",)).get_content()


@pytest.mark.clause("C15")
def test_the_mail_leads_to_the_page_and_holds_no_link(at_monday, inbox) -> None:
    access = granted()

    deliver_kind("partners.channels_granted")

    (mail,) = inbox.to(access.partner.user.email)
    assert "/channels/" in mail.as_string()
    assert "s3cret-invitation" not in mail.as_string()


@pytest.mark.clause("C15")
def test_a_repeat_grants_nothing_and_mails_nothing() -> None:
    access = granted()

    assert grant_channels(partner=access.partner, at=TUESDAY) == []
    assert OutboxMessage.objects.filter(kind="partners.channels_granted").count() == 1


@pytest.mark.clause("C15")
@pytest.mark.parametrize("who", ["applicant", "ended", "not yet"])
def test_only_active_partners_are_granted_anything(who: str) -> None:
    ChannelFactory()
    partner = {
        "applicant": lambda: ApplicantFactory(),
        "ended": lambda: end(PartnerFactory(), at=MONDAY),
        "not yet": lambda: PartnerFactory(started_at=FRIDAY),
    }[who]()

    assert grant_channels(partner=partner, at=TUESDAY) == []


@pytest.mark.clause("C15")
def test_a_channel_added_later_reaches_every_active_partner_once(at_monday) -> None:
    partners = PartnerFactory.create_batch(3)
    end(PartnerFactory(started_at=MONDAY - timedelta(days=9)), at=MONDAY - timedelta(days=1))
    channel = ChannelFactory()

    keep_channels()
    keep_channels()

    assert {access.partner for access in channel.accesses.all()} == set(partners)
    assert OutboxMessage.objects.filter(kind="partners.channels_granted").count() == 3


@pytest.mark.clause("C15")
def test_a_channel_without_link_and_bot_is_opened_by_hand() -> None:
    access = granted(invitation_link="")

    task = ChannelTask.objects.get()
    assert (access.how, task.kind, task.access) == ("hand", "invite", access)


# --- the database -----------------------------------------------------------------
@pytest.mark.clause("C15")
@pytest.mark.parametrize("who", ["applicant", "ended"])
def test_the_database_refuses_access_for_somebody_who_is_no_active_partner(who: str) -> None:
    channel = ChannelFactory()
    partner = ApplicantFactory() if who == "applicant" else end(PartnerFactory(), at=MONDAY)

    with pytest.raises(IntegrityError) as refusal:
        ChannelAccess.objects.create(partner=partner, channel=channel, how="link", granted_at=TUESDAY)

    assert constraint_of(refusal) == "channel_access_for_active_partners"


@pytest.mark.clause("C15")
def test_the_database_refuses_a_second_open_access() -> None:
    access = granted()

    with pytest.raises(IntegrityError) as refusal:
        ChannelAccess.objects.create(
            partner=access.partner, channel=access.channel, how="hand", granted_at=TUESDAY
        )

    assert constraint_of(refusal) == "channel_access_one_open_per_partner"


@pytest.mark.clause("C15")
def test_the_database_refuses_access_to_a_retired_channel() -> None:
    channel, partner = ChannelFactory(retired_at=MONDAY), PartnerFactory()

    with pytest.raises(IntegrityError) as refusal:
        ChannelAccess.objects.create(partner=partner, channel=channel, how="link", granted_at=TUESDAY)

    assert constraint_of(refusal) == "channel_access_to_live_channels"


@pytest.mark.clause("C15")
@pytest.mark.parametrize("change", [{"withdrawn_at": None}, {"granted_at": TUESDAY}, {"removal": "hand"}])
def test_the_database_keeps_what_was(change: dict[str, object]) -> None:
    access = granted(invitation_link="")
    end(access.partner, at=TUESDAY)
    withdraw_channels(partner=access.partner, at=TUESDAY)

    with pytest.raises(IntegrityError) as refusal:
        ChannelAccess.objects.filter(pk=access.pk).update(**change)

    assert constraint_of(refusal) == "channel_access_is_history"


@pytest.mark.clause("C15")
def test_the_database_forgets_no_access() -> None:
    access = granted()

    with pytest.raises(ProgrammingError):
        access.delete()


# --- the channels -----------------------------------------------------------------
@pytest.mark.clause("C15")
@pytest.mark.parametrize("role", [Role.SALES, Role.DIRECTOR, Role.FINANCE, Role.PARTNER])
def test_only_administrators_and_sales_leads_keep_channels(role: Role) -> None:
    channel = Channel(kind="other", name="Forum", purpose="Talk.")

    with pytest.raises(NotAllowed):
        save_channel(channel=channel, by=UserFactory(roles=[role], is_superuser=True), at=MONDAY)


@pytest.mark.clause("C15")
def test_a_link_that_is_none_is_refused() -> None:
    channel = Channel(kind="other", name="Forum", purpose="Talk.")

    with pytest.raises(ChannelLinkNotSafe):
        save_channel(channel=channel, invitation_link="javascript:alert(1)", by=lead(), at=MONDAY)


@pytest.mark.clause("C15")
def test_saving_without_a_new_link_keeps_the_old_one() -> None:
    channel = ChannelFactory()
    channel.purpose = "Something else."

    save_channel(channel=channel, by=lead(), at=MONDAY)

    assert Channel.objects.get().invitation_link == LINK


@pytest.mark.clause("C15")
def test_retiring_a_channel_ends_every_access_and_forgets_the_link() -> None:
    access, by = granted(), lead()

    retire_channel(channel=access.channel, by=by, at=TUESDAY)

    access.refresh_from_db()
    assert (access.withdrawn_at, access.withdrawn_by, access.removal) == (TUESDAY, by, "not_needed")
    assert not Channel.objects.get().has_link
    with pytest.raises(ChannelIsRetired):
        save_channel(channel=access.channel, by=by, at=TUESDAY)


# --- the end ----------------------------------------------------------------------
@pytest.mark.clause("C15")
def test_at_the_end_people_get_a_task_for_what_no_bot_can_undo() -> None:
    access = granted()
    end(access.partner, at=TUESDAY)

    withdraw_channels(partner=access.partner, at=FRIDAY)

    access.refresh_from_db()
    task = ChannelTask.objects.get()
    assert (access.withdrawn_at, access.removal) == (TUESDAY, "")
    assert (task.kind, task.access, task.reason) == ("remove", access, "not_slack")


@pytest.mark.clause("C15")
def test_who_was_never_let_in_needs_no_removal() -> None:
    access = granted(invitation_link="")
    end(access.partner, at=TUESDAY)

    withdraw_channels(partner=access.partner, at=TUESDAY)

    access.refresh_from_db()
    assert access.removal == "never_in"
    assert ChannelTask.objects.get().outcome == "not_needed"


@pytest.mark.clause("C15")
def test_whom_somebody_let_in_by_hand_is_to_be_removed() -> None:
    access = granted(invitation_link="")
    finish_task(task=ChannelTask.objects.get(), by=lead(), at=MONDAY)
    end(access.partner, at=TUESDAY)

    withdraw_channels(partner=access.partner, at=TUESDAY)

    assert ChannelTask.objects.get(outcome="").kind == "remove"


@pytest.mark.clause("C15")
def test_an_end_in_the_future_withdraws_nothing_until_then(at_monday) -> None:
    access = granted()
    end(access.partner, at=FRIDAY)

    assert withdraw_channels(partner=access.partner, at=FRIDAY - timedelta(seconds=1)) == []
    assert withdraw_overdue(at=TUESDAY) == 0
    assert withdraw_overdue(at=FRIDAY) == 1
    assert withdraw_overdue(at=FRIDAY) == 0


@pytest.mark.clause("C15")
def test_the_clock_withdraws_what_nobody_asked_to_withdraw() -> None:
    access = granted()
    end(access.partner, at=TUESDAY)
    clock.install(lambda: FRIDAY)
    try:
        keep_channels()
    finally:
        clock.install(clock.wall)

    access.refresh_from_db()
    assert access.withdrawn_at == TUESDAY


@pytest.mark.clause("C15")
def test_the_outbox_withdraws_for_whoever_ends_a_partnership() -> None:
    access = granted()
    end(access.partner, at=MONDAY + timedelta(minutes=1))
    OutboxMessage.objects.create(
        kind="partners.withdraw_channels",
        key="an end",
        payload={"partner_id": access.partner_id},
        created_at=MONDAY,
        next_try_at=MONDAY,
    )

    deliver_kind("partners.withdraw_channels")

    access.refresh_from_db()
    assert not access.is_open


@pytest.mark.clause("C15")
def test_somebody_who_comes_back_gets_a_new_access_and_nobody_removes_them() -> None:
    access = granted()
    partner = end(access.partner, at=TUESDAY)
    withdraw_channels(partner=partner, at=TUESDAY)
    start_partnership(signed_contract(partner, at=FRIDAY), started_at=FRIDAY, at=FRIDAY)

    (again,) = grant_channels(partner=partner, at=FRIDAY)

    access.refresh_from_db()
    assert again.pk != access.pk
    assert access.removal == "not_needed"
    assert not ChannelTask.objects.open().exists()


# --- people's work ----------------------------------------------------------------
@pytest.fixture
def removal() -> ChannelTask:
    access = granted()
    end(access.partner, at=TUESDAY)
    withdraw_channels(partner=access.partner, at=TUESDAY)
    return ChannelTask.objects.get()


@pytest.mark.clause("C15")
def test_a_task_done_says_who_did_it_and_when(removal: ChannelTask) -> None:
    by = UserFactory(roles=[Role.SALES])

    finish_task(task=removal, by=by, at=FRIDAY)

    removal.refresh_from_db()
    removal.access.refresh_from_db()
    assert (removal.outcome, removal.closed_by, removal.closed_at) == ("done", by, FRIDAY)
    assert (removal.access.removal, removal.access.removed_at) == ("hand", FRIDAY)
    assert AuditEntry.objects.filter(action="channel_task.closed", by=by).exists()


@pytest.mark.clause("C15")
def test_a_task_is_done_once(removal: ChannelTask) -> None:
    finish_task(task=removal, by=lead(), at=FRIDAY)

    with pytest.raises(ChannelTaskClosed):
        finish_task(task=removal, by=lead(), at=FRIDAY)
    with pytest.raises(ChannelTaskClosed):
        take_task(task=removal, by=lead(), at=FRIDAY)


@pytest.mark.clause("C15")
def test_the_database_keeps_a_task_that_is_done(removal: ChannelTask) -> None:
    finish_task(task=removal, by=lead(), at=FRIDAY)

    with pytest.raises(IntegrityError) as refusal:
        ChannelTask.objects.update(outcome="", closed_at=None, closed_by=None)

    assert constraint_of(refusal) == "channel_task_done_stays_done"


@pytest.mark.clause("C15")
def test_a_task_has_an_owner(removal: ChannelTask) -> None:
    by = lead()

    take_task(task=removal, by=by, at=FRIDAY)

    removal.refresh_from_db()
    assert removal.owner == by


@pytest.mark.clause("C15")
def test_a_seller_who_was_the_partner_does_not_tick_off_their_own_removal(removal: ChannelTask) -> None:
    partner = removal.access.partner
    partner.user.role_grants.create(role=Role.SALES, granted_at=MONDAY)
    partner.user.forget_roles()

    with pytest.raises(NotAllowed):
        finish_task(task=removal, by=partner.user, at=FRIDAY)


@pytest.mark.clause("C15")
def test_asking_for_help_twice_makes_one_task() -> None:
    access = granted()

    for _time in range(2):
        ask_for_help(access=access, by=access.partner.user, at=MONDAY)

    assert ChannelTask.objects.get().kind == "help"


@pytest.mark.clause("C15")
def test_an_ended_partner_says_and_asks_nothing_any_more() -> None:
    access = granted()
    end(access.partner, at=TUESDAY)

    with pytest.raises(ChannelAccessEnded):
        say_joined(access=access, is_in=True, by=access.partner.user, at=TUESDAY)
    with pytest.raises(ChannelAccessEnded):
        ask_for_help(access=access, by=access.partner.user, at=TUESDAY)


@pytest.mark.clause("C15")
def test_without_a_bot_the_whole_way_goes_by_hand(at_monday) -> None:
    """A Slack channel without token: let in by a person, ended, removed by a person."""
    SlackChannelFactory()
    partner, by = PartnerFactory(), lead()
    grant_to_all(at=MONDAY)
    finish_task(task=ChannelTask.objects.get(kind="invite"), by=by, at=MONDAY)
    access = ChannelAccess.objects.get()
    say_joined(access=access, is_in=True, by=partner.user, at=MONDAY)
    end(partner, at=TUESDAY)
    withdraw_overdue(at=TUESDAY)
    removal = ChannelTask.objects.get(outcome="")
    finish_task(task=removal, by=by, at=FRIDAY)

    access.refresh_from_db()
    assert (removal.kind, removal.reason) == ("remove", "no_bot")
    assert (access.how, access.removal) == ("hand", "hand")
    assert not OutboxMessage.objects.filter(kind="partners.remove_from_channel").exists()


# --- the link ---------------------------------------------------------------------
@pytest.mark.clause("C15")
def test_the_link_is_in_no_row_and_in_no_log(
    at_monday, inbox, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    """Through its whole life: saved, granted, mailed, withdrawn, retired."""
    caplog.set_level(logging.DEBUG)
    channel, by = Channel(kind="whatsapp", name="Partners", purpose="Talk."), lead()
    save_channel(channel=channel, invitation_link=LINK, by=by, at=MONDAY)
    access = next(iter(grant_channels(partner=PartnerFactory(), at=MONDAY)))
    deliver_kind("partners.channels_granted")
    say_joined(access=access, is_in=True, by=access.partner.user, at=MONDAY)
    end(access.partner, at=TUESDAY)
    withdraw_channels(partner=access.partner, at=TUESDAY)

    assert Channel.objects.get().invitation_link == LINK  # it is there, and yet nowhere to be read:
    assert _rows_holding("s3cret-invitation") == []
    said = capsys.readouterr()
    assert "s3cret-invitation" not in caplog.text + said.out + said.err


def _rows_holding(words: str) -> list[str]:
    found = []
    for table in connection.introspection.table_names():
        with connection.cursor() as cursor:
            cursor.execute(f'SELECT count(*) FROM "{table}" t WHERE t::text LIKE %s', [f"%{words}%"])
            if cursor.fetchone()[0]:
                found.append(table)
    return found


@pytest.mark.clause("C15")
def test_the_search_for_the_link_would_find_it() -> None:
    ChannelFactory(purpose="Open s3cret-invitation")

    assert _rows_holding("s3cret-invitation") == ["partners_channel"]
