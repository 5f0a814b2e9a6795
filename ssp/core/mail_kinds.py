"""Every kind of mail: what it is, who gets it, and whether it can be turned off (ADR 11).

Each app registers its kinds in `mails.py`. What the programme or the law obliges us to send is `legal`: it is
always sent, says why, and carries no link to stop it.
"""

from dataclasses import dataclass

from django.utils.functional import Promise

from ssp.core.roles import Role

Words = str | Promise
NO_ACCOUNT: frozenset[Role] = frozenset()  # it goes to people who have none yet


@dataclass(frozen=True, kw_only=True)
class MailKind:
    """One kind of mail.

    :param name: for good: people's choices are kept by it.  :param template: as `emails.send` takes it.
    :param audience: the roles that get it, and find it on their preferences page.
    :param reason: why a legal kind is always sent.  :param on_request: who doesn't ask for it gets none.
    """

    name: str
    template: str
    label: Words
    explanation: Words
    audience: frozenset[Role] = NO_ACCOUNT
    legal: bool = False
    reason: Words = ""
    on_request: bool = False


_kinds: dict[str, MailKind] = {}


def register(*kinds: MailKind) -> None:
    """Make kinds known; the same name twice is a mistake."""
    for kind in kinds:
        if _kinds.get(kind.name, kind) != kind:
            raise RuntimeError(f"Two kinds of mail are called {kind.name}")
        _kinds[kind.name] = kind


def all_kinds() -> list[MailKind]:
    """Return every kind, in the order of registration."""
    return list(_kinds.values())


def kind_named(name: str) -> MailKind | None:
    """Return the kind of that name, if there is one still."""
    return _kinds.get(name)


def kind_of(template: str) -> MailKind | None:
    """Return the kind that a template stands for; none where several share it: then the sender names it."""
    kinds = [kind for kind in _kinds.values() if kind.template == template]
    return kinds[0] if len(kinds) == 1 else None


def kinds_for(roles: frozenset[str]) -> list[MailKind]:
    """Return what somebody with these roles may get: legal ones and others."""
    return [kind for kind in _kinds.values() if roles & {role.value for role in kind.audience}]
