"""Which mails somebody gets, whose clock and which language they read (ADR 11)."""

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from smtplib import SMTPRecipientsRefused

import pytest
from django.test import Client
from django.utils import translation
from django.utils.translation import gettext

from ssp.core import emails, reader
from ssp.core.mail_kinds import MailKind, all_kinds, kind_named
from ssp.core.models import AuditEntry, MutedMail, User
from ssp.core.preferences import set_mail, stop_token
from ssp.core.roles import Role
from ssp.core.templatetags.ssp import time_range
from tests.factories.core import UserFactory
from tests.mailserver import Inbox
from tests.moments import MONDAY

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("at_monday", "empty_cache")]
ONE_CLICK = {"List-Unsubscribe": "One-Click"}


def kind(name: str) -> MailKind:
    found = kind_named(name)
    assert found is not None
    return found


DEADLINE, LAST = kind("referrals.deadline"), kind("referrals.last_deadline")


class Words:
    """A letter about nothing."""

    subject, why, url, action = "Subject", "You get this because of a test.", "", ""
    paragraphs, links, after = ("First.",), (), ()


def send(about: MailKind, *to: User) -> None:
    emails.send(about.template, to=[u.email for u in to], context={"letter": Words}, key="k", kind=about.name)


@pytest.fixture
def ines() -> User:
    return UserFactory(full_name="Ines Marchetti", roles=[Role.PARTNER])


def mute(user: User, about: MailKind) -> None:
    MutedMail.objects.create(user=user, kind=about.name, muted_at=MONDAY)


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user, backend="ssp.core.auth.RoleBackend")
    return client


# --- which mails ------------------------------------------------------------------
def test_who_turned_a_kind_off_gets_none_of_it_and_the_others_do(inbox: Inbox, ines: User) -> None:
    mute(ines, DEADLINE)
    other = UserFactory(roles=[Role.PARTNER])

    send(DEADLINE, ines, other)

    assert (len(inbox.to(ines.email)), len(inbox.to(other.email))) == (0, 1)


@pytest.mark.parametrize(
    "about", [k for k in all_kinds() if k.template == LAST.template], ids=lambda k: k.name
)
def test_one_kind_that_is_off_stops_no_other(inbox: Inbox, ines: User, about: MailKind) -> None:
    for each in all_kinds():
        if each != about:
            mute(ines, each)

    send(about, ines)

    assert len(inbox.to(ines.email)) == 1


def test_a_legal_mail_is_sent_whatever_a_row_says(inbox: Inbox, ines: User) -> None:
    mute(ines, LAST)

    send(LAST, ines)

    (mail,) = inbox.to(ines.email)
    assert mail["List-Unsubscribe"] is None
    assert "/mail/stop/" not in mail.as_string()


def test_a_legal_mail_cannot_be_turned_off(ines: User) -> None:
    with pytest.raises(ValueError, match="always sent"):
        set_mail(user=ines, kind=LAST, wanted=False, at=MONDAY)


def test_each_of_several_recipients_gets_a_mail_of_their_own(inbox: Inbox, ines: User) -> None:
    other = UserFactory(roles=[Role.PARTNER])

    send(DEADLINE, ines, other)

    assert [str(mail["To"]) for mail in inbox.messages] == [ines.email, other.email]
    assert len({mail["Message-ID"] for mail in inbox.messages}) == 2


def test_an_address_that_is_refused_keeps_nobody_elses_mail_back(inbox: Inbox, ines: User) -> None:
    gone, after = UserFactory(), UserFactory()
    inbox.strangers = {gone.email}

    with pytest.raises(SMTPRecipientsRefused):
        send(LAST, ines, gone, after)

    assert [mail["To"] for mail in inbox.messages] == [ines.email, after.email]


def test_a_mail_stays_the_same_when_fewer_get_it_at_the_next_try(inbox: Inbox, ines: User) -> None:
    send(LAST, ines, UserFactory())
    send(LAST, ines)

    assert len({mail["Message-ID"] for mail in inbox.to(ines.email)}) == 1


def test_a_mail_without_words_is_not_sent(inbox: Inbox, ines: User) -> None:
    with pytest.raises(ValueError, match="no subject"):
        emails.send(LAST.template, to=[ines.email], context={"letter": None}, key="k", kind=LAST.name)
    assert inbox.messages == []


# --- the link ---------------------------------------------------------------------
def link_in(inbox: Inbox, user: User) -> str:
    (mail,) = inbox.to(user.email)
    (link,) = re.findall(r"<http://127.0.0.1:8000(/mail/stop/[^>]+)>", mail["List-Unsubscribe"])
    assert link in mail.get_body(("plain",)).get_content()
    assert link in mail.get_body(("html",)).get_content()
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    return link


def test_one_click_stops_the_kind_without_signing_in(inbox: Inbox, ines: User) -> None:
    send(DEADLINE, ines)

    answer = Client(enforce_csrf_checks=True).post(link_in(inbox, ines), ONE_CLICK)
    send(DEADLINE, ines)

    assert answer.status_code == 200
    assert len(inbox.to(ines.email)) == 1


def test_opening_the_link_changes_nothing(client: Client, inbox: Inbox, ines: User) -> None:
    send(DEADLINE, ines)
    link = link_in(inbox, ines)

    page = client.get(link)
    client.head(link)

    assert "Opening this page changed nothing." in page.text
    assert not MutedMail.objects.exists()


def test_pressing_twice_is_pressing_once_and_can_be_taken_back(client: Client, ines: User) -> None:
    link = f"/mail/stop/{stop_token(ines, DEADLINE)}/"
    client.post(link, ONE_CLICK)
    client.post(link, ONE_CLICK)
    off = MutedMail.objects.count()

    client.post(link, {"again": "yes"})

    assert (off, MutedMail.objects.count()) == (1, 0)
    assert [e.action for e in AuditEntry.objects.order_by("pk")] == ["user.mail_off", "user.mail_on"]


def test_a_link_works_for_its_person_and_its_kind_alone(client: Client, ines: User) -> None:
    mine, other = stop_token(ines, DEADLINE), stop_token(UserFactory(), kind("referrals.deal_won"))
    mixed = f"{other.rpartition(':')[0]}:{mine.rpartition(':')[2]}"

    assert client.post(f"/mail/stop/{mixed}/").status_code == 404


def test_there_is_no_link_for_a_legal_kind(client: Client, ines: User) -> None:
    assert client.post(f"/mail/stop/{stop_token(ines, LAST)}/").status_code == 404


def test_a_mail_that_is_sent_again_carries_the_same_link(inbox: Inbox, ines: User) -> None:
    send(DEADLINE, ines)
    send(DEADLINE, ines)

    assert len({mail["List-Unsubscribe"] for mail in inbox.messages}) == 1


# --- the page ---------------------------------------------------------------------
def test_a_partner_turns_a_kind_off_and_on(ines: User) -> None:
    portal = signed_in(ines)
    portal.post("/preferences/", {"time_zone": "Europe/Amsterdam", "mails": ["referrals.deal_won"]})
    off = set(MutedMail.objects.values_list("kind", flat=True))
    page = portal.get("/preferences/").text

    portal.post("/preferences/", {"time_zone": "Europe/Amsterdam", "mails": sorted(off)})

    assert off == {
        "commissions.statement_ready",
        "partners.channels_granted",
        "partners.recruit_started",
        "referrals.claim_days",
        "referrals.deadline",
        "referrals.name_checked",
        "referrals.use_case_commented",
    }
    assert len(re.findall(r'name="mails"[^>]*\schecked', page)) == 1
    assert set(MutedMail.objects.values_list("kind", flat=True)) == {"referrals.deal_won"}


def test_the_page_offers_no_legal_kind_and_says_why(ines: User) -> None:
    page = signed_in(ines).get("/preferences/").text

    assert 'value="referrals.last_deadline"' not in page
    assert "Three days left to sign" in page
    assert "A window that is missed costs the commission (C2)." in page


def test_a_legal_kind_that_is_posted_is_refused(ines: User) -> None:
    said = {"time_zone": "Europe/Amsterdam", "mails": ["referrals.last_deadline"]}

    page = signed_in(ines).post("/preferences/", said)

    assert "There is one thing to correct" in page.text
    assert not MutedMail.objects.exists()


def test_what_the_page_did_not_show_stays_as_it_is(ines: User) -> None:
    mute(ines, kind("partners.contract_returned"))  # she was a director once

    signed_in(ines).post("/preferences/", {"time_zone": "Europe/Amsterdam", "mails": []})

    assert MutedMail.objects.filter(kind="partners.contract_returned").exists()


# --- whose clock ------------------------------------------------------------------
MEETING = datetime(2026, 12, 9, 14, 0, tzinfo=UTC)  # 15:00 in Amsterdam


@pytest.mark.parametrize(
    ("zone", "words"),
    [
        ("", "15:00 to 15:45"),
        ("Europe/Amsterdam", "15:00 to 15:45"),
        ("Europe/Brussels", "15:00 to 15:45"),  # another name, the same time
        ("Nowhere/Land", "15:00 to 15:45"),
        ("Europe/London", "15:00 to 15:45 (Amsterdam time; 14:00 to 14:45 in London)"),
        (
            "Pacific/Auckland",
            "15:00 to 15:45 (Amsterdam time; Thu 10 Dec 2026, 03:00 to 03:45 in Auckland)",
        ),
        ("Asia/Kolkata", "15:00 to 15:45 (Amsterdam time; 19:30 to 20:15 in Kolkata)"),
    ],
)
def test_a_time_is_said_by_the_readers_clock_too(zone: str, words: str) -> None:
    with reader.reading(User(time_zone=zone)):
        assert time_range(MEETING, MEETING + timedelta(minutes=45)) == words


def test_summer_time_is_the_readers_own() -> None:
    in_march = datetime(2026, 3, 20, 14, 0, tzinfo=UTC)  # New York has changed already, Amsterdam hasn't
    with reader.reading(User(time_zone="America/New_York")):
        assert "10:00 to 10:45 in New York" in time_range(in_march, in_march + timedelta(minutes=45))


def test_the_next_reader_reads_by_their_own_clock() -> None:
    with reader.reading(User(time_zone="Asia/Kolkata")):
        pass
    assert reader.zone_of_reader().key == "Europe/Amsterdam"


def test_the_page_keeps_a_time_zone_and_refuses_an_unknown_one(ines: User) -> None:
    portal = signed_in(ines)
    portal.post("/preferences/", {"time_zone": "America/New_York"})
    portal.post("/preferences/", {"time_zone": "Etc/../../passwd"})

    ines.refresh_from_db()
    assert ines.time_zone == "America/New_York"


# --- which language ---------------------------------------------------------------
@pytest.fixture
def dutch(settings, tmp_path: Path) -> None:
    """A second language, with a word of our own."""
    folder = tmp_path / "nl" / "LC_MESSAGES"
    folder.mkdir(parents=True)
    (folder / "django.mo").write_bytes(
        _mo({"": "Content-Type: text/plain; charset=UTF-8\n", "Send me": "Stuur mij", "stop them": "stop ze"})
    )
    settings.LANGUAGES = [("en-gb", "English"), ("nl", "Nederlands")]
    settings.LOCALE_PATHS = [tmp_path]


def _mo(words: dict[str, str]) -> bytes:
    """A compiled catalogue: a head, two tables, the words."""
    ids = sorted(words)
    head, size = 28, 8 * len(ids)
    body, tables = b"", ([], [])
    for table, texts in zip(tables, (ids, [words[i] for i in ids]), strict=True):
        for text in texts:
            raw = text.encode()
            table.append((len(raw), head + 2 * size + len(body)))
            body += raw + b"\0"
    numbers = [0x950412DE, 0, len(ids), head, head + size, 0, head + 2 * size]
    for table in tables:
        for pair in table:
            numbers += pair
    return b"".join(n.to_bytes(4, "little") for n in numbers) + body


def test_one_language_is_no_question(ines: User) -> None:
    assert 'name="language"' not in signed_in(ines).get("/preferences/").text


def test_pages_are_in_the_language_that_was_chosen_whatever_the_browser_asks(ines: User, dutch) -> None:
    portal = signed_in(ines)
    asked = portal.get("/preferences/").text
    portal.post("/preferences/", {"time_zone": "Europe/Amsterdam", "language": "nl"})

    page = portal.get("/preferences/", HTTP_ACCEPT_LANGUAGE="en")

    assert 'name="language"' in asked
    assert (page.headers["Content-Language"], '<html lang="nl"' in page.text) == ("nl", True)
    assert "Stuur mij" in page.text


def test_what_a_signed_in_person_reads_is_kept_for_nobody_else(ines: User) -> None:
    assert signed_in(ines).get("/preferences/").headers["Cache-Control"] == "private, no-cache"


def test_a_request_leaves_no_language_behind(ines: User, dutch, client: Client) -> None:
    User.objects.filter(pk=ines.pk).update(language="nl")
    signed_in(ines).get("/preferences/")

    assert '<html lang="en' in client.get("/privacy/", HTTP_ACCEPT_LANGUAGE="en").text


def test_each_recipient_reads_their_own_language(inbox: Inbox, ines: User, dutch) -> None:
    User.objects.filter(pk=ines.pk).update(language="nl")
    other = UserFactory(roles=[Role.PARTNER])

    with translation.override("nl"):  # whoever made the worker write speaks another one
        send(DEADLINE, ines, other)

    texts = [mail.get_body(("html",)).get_content() for mail in inbox.messages]
    assert ["stop ze" in text for text in texts] == [True, False]


def test_a_letter_is_written_for_each_recipient_anew(inbox: Inbox, ines: User, dutch) -> None:
    User.objects.filter(pk=ines.pk).update(language="nl", time_zone="America/New_York")
    other = UserFactory(roles=[Role.PARTNER])

    def words() -> dict[str, object]:
        when = time_range(MEETING, MEETING + timedelta(minutes=45))
        return {"letter": type("L", (Words,), {"subject": gettext("Send me"), "paragraphs": (when,)})}

    emails.send(DEADLINE.template, to=[ines.email, other.email], context=words, key="k", kind=DEADLINE.name)

    assert [str(mail["Subject"]) for mail in inbox.messages] == ["Stuur mij", "Send me"]
    assert ["New York" in mail.as_string() for mail in inbox.messages] == [True, False]
