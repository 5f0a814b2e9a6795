"""The mailbox is a real SMTP server: what it accepts is on disk, and what comes twice is kept once."""

import smtplib
from collections.abc import Iterator
from datetime import timedelta
from email.message import EmailMessage
from email.utils import make_msgid
from pathlib import Path

import pytest

from ssp.core import clock
from ssp.sandbox.clock import MovableClock
from ssp.sandbox.mailbox import Mailbox, serve_smtp
from tests.standin import free_ports


@pytest.fixture
def mailbox(tmp_path: Path) -> Mailbox:
    return Mailbox(tmp_path)


@pytest.fixture
def smtp(mailbox: Mailbox) -> Iterator[smtplib.SMTP]:
    port = free_ports(1)[0]
    server = serve_smtp(mailbox, port=port)
    with smtplib.SMTP("127.0.0.1", port, timeout=10) as connection:
        yield connection
    server.stop()


def mail(subject: str = "Halden Retail: 16 days left", *, to: str = "ines@marchetti.example") -> EmailMessage:
    message = EmailMessage()
    message["Subject"] = subject
    message["From"] = "SeMI <partners@semi.example>"
    message["To"] = to
    message["Message-ID"] = make_msgid(domain="semi.example")
    message.set_content("Sign by Wednesday: http://127.0.0.1:8000/confirm/abc/\n")
    message.add_alternative("<p>Sign <a href='http://127.0.0.1:8000/x/'>here</a></p>", subtype="html")
    return message


def kept(mailbox: Mailbox, **narrowed: str) -> list[str]:
    return [mail.subject for mail in mailbox.newest_first(**narrowed)]


def test_a_mail_is_kept_with_all_its_parts(mailbox: Mailbox, smtp: smtplib.SMTP) -> None:
    message = mail("Zażółć: invitation")
    message.add_attachment("BEGIN:VCALENDAR\r\n", subtype="calendar", filename="invite.ics")
    smtp.send_message(message)
    (found,) = mailbox.newest_first()

    assert found.subject == "Zażółć: invitation"
    assert found.recipients == ["ines@marchetti.example"]
    assert "Sign by Wednesday" in found.text
    assert "href='http://127.0.0.1:8000/x/'" in found.html
    assert [(each.name, each.mime_type) for each in found.attachments] == [("invite.ics", "text/calendar")]
    assert found.attachments[0].content.startswith(b"BEGIN:VCALENDAR")
    assert found.times == 1


def test_the_same_mail_again_is_kept_once_and_counted(mailbox: Mailbox, smtp: smtplib.SMTP) -> None:
    message = mail()
    for _ in range(3):
        smtp.send_message(message)
    (found,) = mailbox.newest_first()

    assert found.times == 3


def test_the_same_mail_to_somebody_else_is_another(mailbox: Mailbox, smtp: smtplib.SMTP) -> None:
    message = mail()
    smtp.send_message(message, to_addrs=["a@semi.example"])
    smtp.send_message(message, to_addrs=["b@semi.example"])

    assert len(kept(mailbox)) == 2


def test_mails_without_an_id_are_all_kept(mailbox: Mailbox, smtp: smtplib.SMTP) -> None:
    message = mail()
    del message["Message-ID"]
    smtp.send_message(message)
    smtp.send_message(message)

    assert len(kept(mailbox)) == 2


def test_a_blind_copy_is_found_by_its_recipient(mailbox: Mailbox, smtp: smtplib.SMTP) -> None:
    smtp.send_message(mail(to="a@semi.example"), to_addrs=["a@semi.example", "hidden@semi.example"])

    assert len(kept(mailbox, to="HIDDEN@semi.example")) == 1


def test_the_newest_comes_first_and_search_narrows(mailbox: Mailbox, smtp: smtplib.SMTP) -> None:
    smtp.send_message(mail("First", to="a@semi.example"))
    smtp.send_message(mail("Second", to="b@semi.example"))
    smtp.send_message(mail("Third", to="a@semi.example"))

    assert kept(mailbox) == ["Third", "Second", "First"]
    assert kept(mailbox, to="a@semi") == ["Third", "First"]
    assert kept(mailbox, about="secOND") == ["Second"]


def test_a_mail_is_dated_by_the_application_clock(
    tmp_path: Path, mailbox: Mailbox, smtp: smtplib.SMTP
) -> None:
    MovableClock(tmp_path).advance(timedelta(days=31))
    smtp.send_message(mail())
    (found,) = mailbox.newest_first()

    assert timedelta(days=30, hours=23) < found.received_at - clock.wall() <= timedelta(days=31)


def test_another_reader_sees_what_the_server_kept(
    tmp_path: Path, mailbox: Mailbox, smtp: smtplib.SMTP
) -> None:
    smtp.send_message(mail())

    assert kept(Mailbox(tmp_path)) == ["Halden Retail: 16 days left"]


def test_a_half_written_mail_is_not_there_yet(mailbox: Mailbox) -> None:
    name = mailbox.keep(mail().as_bytes(), recipients=["a@semi.example"])
    (mailbox.folder / "20261123T090000000000-1.new").write_bytes(b"Subject: half")

    assert [found.name for found in mailbox.newest_first()] == [name]


@pytest.mark.parametrize("name", ["../clock", "..%2fclock", "x", "20261123T090000000000-1"])
def test_no_other_file_is_read_as_a_mail(mailbox: Mailbox, name: str) -> None:
    assert mailbox.get(name) is None


@pytest.mark.parametrize(
    "raw", [b"", b"\xff\xfe garbage", b"Subject: =?utf-8?b?!!!?=\r\n\r\n", b"\r\n\r\nno head"]
)
def test_whatever_comes_can_be_read(mailbox: Mailbox, raw: bytes) -> None:
    mailbox.keep(raw, recipients=["a@semi.example"])
    (found,) = mailbox.newest_first()

    assert isinstance(found.subject + found.text + found.html + found.sender, str)
    assert found.recipients == ["a@semi.example"]
