"""People, the outbox and the audit: what every app stands on."""

from datetime import datetime, timedelta
from typing import Any, ClassVar, Self

import pgtrigger
from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.models import PermissionsMixin
from django.db import models, transaction
from django.db.models import Q
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _

from ssp.core import clock
from ssp.core.roles import STAFF_ROLES, Role


class UserManager(BaseUserManager["User"]):
    def get_by_natural_key(self, username: str | None) -> "User":
        return self.get(email__iexact=username)

    def create_user(self, email: str, password: str | None = None, **fields: Any) -> "User":
        user = self.model(email=email.strip().lower(), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def with_role(self, *roles: Role) -> models.QuerySet["User"]:
        """People who hold one of `roles` today."""
        return self.filter(
            is_active=True, role_grants__role__in=roles, role_grants__ended_at__isnull=True
        ).distinct()


class User(AbstractBaseUser, PermissionsMixin):
    """Somebody who signs in, with an e-mail address. Roles say what they may do."""

    email = models.EmailField(_("e-mail address"), unique=True)
    full_name = models.CharField(_("name"), max_length=200, blank=True)
    is_active = models.BooleanField(default=True)
    is_staff = models.BooleanField(default=False, help_text=_("Kept in step with the roles."))
    joined_at = models.DateTimeField(default=clock.now, editable=False)
    # Empty: Amsterdam, as the programme, and the language that the browser asks for.
    time_zone = models.CharField(_("time zone"), max_length=64, blank=True, default="", db_default="")
    language = models.CharField(_("language"), max_length=10, blank=True, default="", db_default="")

    objects: ClassVar[UserManager] = UserManager()

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    class Meta:
        constraints = [models.UniqueConstraint(Lower("email"), name="user_one_per_email")]

    def __str__(self) -> str:
        return self.full_name or f"#{self.pk}"

    @property
    def first_name(self) -> str:
        return self.full_name.split(" ")[0]

    @property
    def monogram(self) -> str:
        parts = self.full_name.split()
        return "".join(p[0] for p in (parts[:1] + parts[1:][-1:])).upper() or "?"

    def get_full_name(self) -> str:
        return self.full_name

    @property
    def roles(self) -> frozenset[str]:
        """The roles held now; read once per instance."""
        if not hasattr(self, "_roles"):
            self._roles = frozenset(
                self.role_grants.filter(ended_at__isnull=True).values_list("role", flat=True)
            )
        return self._roles

    def has_role(self, role: Role) -> bool:
        return self.is_active and role.value in self.roles

    def has_any_role(self, *roles: Role) -> bool:
        return self.is_active and any(role.value in self.roles for role in roles)

    def forget_roles(self) -> None:
        """Read the roles anew at the next question."""
        self.__dict__.pop("_roles", None)


class MutedMail(models.Model):
    """A kind of mail that somebody doesn't want. Kinds that are always sent look at no such row."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="muted_mails")
    kind = models.CharField(max_length=80)
    muted_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "kind"], name="muted_mail_once")]


class WantedMail(models.Model):
    """A kind of mail that somebody asked for. Only kinds that nobody gets unasked look at such a row."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="wanted_mails")
    kind = models.CharField(max_length=80)
    wanted_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "kind"], name="wanted_mail_once")]


class RoleGrant(models.Model):
    """One role of one person, from one moment to another."""

    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="role_grants")
    role = models.CharField(max_length=20, choices=Role)
    granted_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["user", "role"], condition=Q(ended_at__isnull=True), name="role_grant_one_live"
            ),
            models.CheckConstraint(condition=Q(role__in=Role.values), name="role_grant_known_role"),
        ]

    def __str__(self) -> str:
        return f"{self.user}: {Role(self.role).label}"

    @property
    def is_staff_role(self) -> bool:
        return self.role in STAFF_ROLES


class StaffInvitation(models.Model):
    """An administrator's invitation to a colleague, by e-mail and role."""

    email = models.EmailField(_("e-mail address"))
    full_name = models.CharField(_("name"), max_length=200)
    role = models.CharField(
        _("role"), max_length=20, choices=[c for c in Role.choices if c[0] in STAFF_ROLES]
    )
    token_salt = models.CharField(max_length=32, editable=False)
    token_hash = models.CharField(max_length=64, unique=True, editable=False)
    invited_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+", null=True)
    invited_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    accepted_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(role__in=sorted(STAFF_ROLES)), name="staff_invitation_staff_role"
            )
        ]

    def __str__(self) -> str:
        return f"{self.full_name}: {Role(self.role).label}"


class OutboxMessageQuerySet(models.QuerySet["OutboxMessage"]):
    LEASE = timedelta(seconds=60)

    def open(self) -> Self:
        return self.filter(done_at__isnull=True, dead_at__isnull=True)

    def due(self, *, at: datetime) -> Self:
        """Open, not leased to a worker, and not waiting for its next try."""
        return self.open().filter(next_try_at__lte=at)

    def lease(self, pk: int, *, at: datetime) -> "OutboxMessage | None":
        """Return the message for one worker alone, or None when there is nothing to do.

        A worker that dies loses the lease after `LEASE`; one that merely takes long keeps it, because it
        holds the row (`hold`), and a held row is passed over.
        """
        with transaction.atomic():
            message = self.due(at=at).select_for_update(skip_locked=True).filter(pk=pk).first()
            if message is not None:
                message.next_try_at, message.attempts = at + self.LEASE, message.attempts + 1
                message.save(update_fields=["next_try_at", "attempts"])
        return message

    def leased_as(self, message: "OutboxMessage") -> Self:
        """The row of `message`, as long as nobody leased it since."""
        return self.open().filter(pk=message.pk, next_try_at=message.next_try_at)

    def hold(self, message: "OutboxMessage") -> bool:
        """Lock the row for the rest of this transaction; False when it is somebody else's by now."""
        return self.leased_as(message).select_for_update(skip_locked=True).first() is not None


class OutboxMessage(models.Model):
    """A side effect that a transaction owes the world: at least once, told apart by its key.

    Times are real time (`clock.wall`): a lease must not end because somebody moved the application clock.
    """

    kind = models.CharField(max_length=80)
    key = models.CharField(max_length=200, unique=True)
    payload = models.JSONField(default=dict)
    created_at = models.DateTimeField()
    next_try_at = models.DateTimeField()
    attempts = models.PositiveSmallIntegerField(default=0)
    done_at = models.DateTimeField(null=True, blank=True)
    dead_at = models.DateTimeField(null=True, blank=True)
    last_error = models.CharField(max_length=300, blank=True)

    objects = OutboxMessageQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(
                fields=["next_try_at"],
                condition=Q(done_at__isnull=True, dead_at__isnull=True),
                name="outbox_open",
            )
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.key}"


class AuditEntry(models.Model):
    """Who did what to which row, when. Ids only, never a personal field; append-only."""

    at = models.DateTimeField()
    by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    action = models.CharField(max_length=80)
    target_type = models.CharField(max_length=80)
    target_id = models.BigIntegerField()
    data = models.JSONField(default=dict)
    recorded_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name_plural = "audit entries"
        indexes = [models.Index(fields=["target_type", "target_id", "at"], name="audit_by_target")]
        triggers = [
            pgtrigger.Protect(name="audit_append_only", operation=pgtrigger.Update | pgtrigger.Delete)
        ]

    def __str__(self) -> str:
        return f"{self.action} {self.target_type} {self.target_id}"
