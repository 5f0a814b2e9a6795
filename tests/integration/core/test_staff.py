"""Staff come in by an administrator's invitation, and go at once."""

import threading
from datetime import timedelta

import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.totp.internal.auth import TOTP
from django.db import connection
from django.test import Client

from ssp.core import links, staff
from ssp.core.models import RoleGrant, User
from ssp.core.roles import Role
from tests.factories.core import UserFactory
from tests.moments import MONDAY

NEW_PASSWORD = "nobody guesses this one"


def token_of(invitation) -> str:
    return links.token_of("staff", invitation.token_salt)


def invite(by: User, email: str = "nina@semi.example", role: Role = Role.DIRECTOR):
    return staff.invite_staff(email=email, full_name="Nina New", role=role, by=by, at=MONDAY)


@pytest.fixture
def administrator() -> User:
    return UserFactory(roles=[Role.ADMINISTRATOR])


@pytest.fixture
def squatter() -> User:
    """Somebody signed up with an address that isn't theirs, before its owner was invited."""
    user = UserFactory(email="nina@semi.example")
    EmailAddress.objects.filter(user=user).update(verified=False)
    return user


@pytest.mark.django_db
def test_an_account_whose_address_nobody_confirmed_gets_the_invited_persons_password(
    administrator: User, squatter: User
) -> None:
    joined = staff.accept_invitation(token=token_of(invite(administrator)), password=NEW_PASSWORD, at=MONDAY)
    assert joined.check_password(NEW_PASSWORD)
    assert not joined.check_password("correct horse battery")  # the squatter's


@pytest.mark.django_db
def test_an_unconfirmed_account_cannot_be_taken_over_without_a_new_password(
    administrator: User, squatter: User
) -> None:
    token = token_of(invite(administrator))
    with pytest.raises(staff.PasswordNeeded):
        staff.accept_invitation(token=token, password=None, at=MONDAY)
    assert not RoleGrant.objects.filter(user=squatter).exists()


@pytest.mark.django_db
def test_what_the_squatter_enrolled_is_gone(administrator: User, squatter: User) -> None:
    TOTP.activate(squatter, "JBSWY3DPEHPK3PXP")
    joined = staff.accept_invitation(token=token_of(invite(administrator)), password=NEW_PASSWORD, at=MONDAY)
    assert not joined.authenticator_set.exists()


@pytest.mark.django_db
def test_a_confirmed_account_keeps_its_password(administrator: User) -> None:
    UserFactory(email="nina@semi.example")
    joined = staff.accept_invitation(token=token_of(invite(administrator)), password=None, at=MONDAY)
    assert joined.check_password("correct horse battery")
    assert joined.has_role(Role.DIRECTOR)


@pytest.mark.django_db
def test_an_address_that_somebody_else_added_goes_to_the_invited_person(administrator: User) -> None:
    EmailAddress.objects.create(user=UserFactory(), email="nina@semi.example", verified=False)
    joined = staff.accept_invitation(token=token_of(invite(administrator)), password=NEW_PASSWORD, at=MONDAY)
    assert list(EmailAddress.objects.filter(email="nina@semi.example").values_list("user", flat=True)) == [
        joined.pk
    ]


@pytest.mark.django_db
def test_a_second_address_of_an_account_receives_the_role_there(administrator: User) -> None:
    holder = UserFactory()
    EmailAddress.objects.create(user=holder, email="nina@semi.example", verified=True)
    joined = staff.accept_invitation(token=token_of(invite(administrator)), password=None, at=MONDAY)
    assert joined == holder


@pytest.mark.django_db
def test_a_newer_invitation_replaces_the_older(administrator: User) -> None:
    old = token_of(invite(administrator, role=Role.ADMINISTRATOR))
    invite(administrator, role=Role.SALES)
    with pytest.raises(staff.InvitationNotValid):
        staff.open_invitation(token=old, at=MONDAY)


@pytest.mark.django_db
def test_invitations_of_somebody_who_is_no_longer_administrator_are_void(administrator: User) -> None:
    other = UserFactory(roles=[Role.ADMINISTRATOR])
    token = token_of(invite(administrator, email="me.again@semi.example", role=Role.ADMINISTRATOR))
    staff.end_role(user=administrator, role=Role.ADMINISTRATOR, hand_to=None, by=other, at=MONDAY)
    with pytest.raises(staff.InvitationNotValid):
        staff.open_invitation(token=token, at=MONDAY)


@pytest.mark.django_db
def test_an_invitation_lasts_a_week_and_works_once(administrator: User) -> None:
    token = token_of(invite(administrator))
    with pytest.raises(staff.InvitationNotValid):
        staff.open_invitation(token=token, at=MONDAY + staff.INVITATION_LASTS)
    staff.accept_invitation(token=token, password=NEW_PASSWORD, at=MONDAY + timedelta(days=6))
    with pytest.raises(staff.InvitationNotValid):
        staff.accept_invitation(token=token, password=NEW_PASSWORD, at=MONDAY + timedelta(days=6))


@pytest.mark.django_db
def test_taking_a_role_away_ends_the_sessions(administrator: User, client: Client) -> None:
    seller = UserFactory(roles=[Role.SALES])
    client.force_login(seller, backend="ssp.core.auth.RoleBackend")
    staff.end_role(user=seller, role=Role.SALES, hand_to=None, by=administrator, at=MONDAY)
    assert "/accounts/login/" in client.get("/after-sign-in/").headers["Location"]


def together(*calls) -> list[BaseException]:
    """Run the calls at the same moment, each on a connection of its own; return what they raised."""
    start, raised = threading.Barrier(len(calls)), []

    def work(call) -> None:
        start.wait()
        try:
            call()
        except BaseException as problem:
            raised.append(problem)
        finally:
            connection.close()

    threads = [threading.Thread(target=work, args=[call]) for call in calls]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return raised


@pytest.mark.django_db(transaction=True)
def test_two_administrators_who_remove_each_other_leave_one() -> None:
    ada, bo = UserFactory(roles=[Role.ADMINISTRATOR]), UserFactory(roles=[Role.ADMINISTRATOR])
    raised = together(
        lambda: staff.end_role(user=ada, role=Role.ADMINISTRATOR, hand_to=None, by=bo, at=MONDAY),
        lambda: staff.end_role(user=bo, role=Role.ADMINISTRATOR, hand_to=None, by=ada, at=MONDAY),
    )
    assert User.objects.with_role(Role.ADMINISTRATOR).count() == 1
    assert [type(problem) for problem in raised] == [staff.NotAllowed]


@pytest.mark.django_db(transaction=True)
def test_a_role_given_while_another_is_taken_leaves_a_member_of_staff(monkeypatch) -> None:
    administrator, nina = UserFactory(roles=[Role.ADMINISTRATOR]), UserFactory(roles=[Role.FINANCE])
    has_looked, has_given = threading.Event(), threading.Event()
    save = User.save

    def save_late(user: User, *args: object, **kwargs: object) -> None:
        if not user.is_staff:
            has_looked.set()
            has_given.wait(1)  # who gives waits for our lock, so this wait is in vain
        save(user, *args, **kwargs)

    def take() -> None:
        staff.end_role(
            user=User.objects.get(pk=nina.pk), role=Role.FINANCE, hand_to=None, by=administrator, at=MONDAY
        )

    def give() -> None:
        has_looked.wait(10)
        other = User.objects.get(pk=nina.pk)
        staff.grant_role(user=other, role=Role.DIRECTOR, by=administrator, at=MONDAY)
        has_given.set()

    monkeypatch.setattr(User, "save", save_late)
    assert together(take, give) == []
    assert User.objects.get(pk=nina.pk).is_staff  # or a director would be asked for no second factor
