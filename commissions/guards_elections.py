"""The triggers that keep a locked election as it is, one change by a director aside (C5)."""

from functools import partial

import pgtrigger

from commissions.guards import update_of
from partners.models.triggers import canonical
from referrals.guards import refuse

# ruff: noqa: S608 - the SQL below is put together from constants of this file alone

CHANGE = "election_change_by_a_director"
OF_THE_LOCKED = "election_change_of_the_locked_one"
UNTIL_INVOICED = "election_change_before_the_first_invoice"
KEPT = "use_case_election_is_kept"

_refuse = partial(refuse, CHANGE)

# A superuser has no way around it. Accounts of one person are told by the addresses they have now: the one
# that somebody applied with is kept as a keyed hash, which the database can't work out; the service compares
# it, too (`partners.permissions.is_person`). The deal's lock waits for an invoice that is being given to it,
# and lets none come while the change is written: FOR UPDATE, since a foreign key takes KEY SHARE.
BY_A_DIRECTOR = pgtrigger.Trigger(
    name=CHANGE,
    when=pgtrigger.Before,
    operation=pgtrigger.Insert,
    declare=[("elected", "RECORD")],
    func=f"""
        PERFORM 1 FROM referrals_deal d WHERE d.use_case_id = NEW.use_case_id FOR UPDATE;
        SELECT u.* INTO elected FROM referrals_usecase u WHERE u.id = NEW.use_case_id FOR NO KEY UPDATE;
        IF NOT EXISTS (
            SELECT 1 FROM core_rolegrant g JOIN core_user d ON d.id = g.user_id AND d.is_active
            WHERE g.user_id = NEW.director_id AND g.role = 'director' AND g.ended_at IS NULL
        ) THEN {_refuse("only a director changes an election")}
        END IF;
        IF EXISTS (
            SELECT 1 FROM partners_partner p
              JOIN partners_partner near ON near.id IN (p.id, p.recruiter_id)
              JOIN core_user theirs ON theirs.id = near.user_id
              JOIN core_user director ON director.id = NEW.director_id
            WHERE p.id = elected.partner_id
              AND (theirs.id = director.id OR {canonical("director.email")} = {canonical("theirs.email")})
        ) THEN {_refuse("who earns from the use case changes nothing about it")}
        END IF;
        IF elected.model_locked_at IS NULL THEN {_refuse("the election isn''t locked")} END IF;
        IF elected.model <> NEW.before
        THEN {refuse(OF_THE_LOCKED, "another model is locked")}
        END IF;
        IF EXISTS (
            SELECT 1 FROM commissions_invoice i JOIN referrals_deal d ON d.id = i.deal_id
            WHERE d.use_case_id = NEW.use_case_id
        ) THEN {refuse(UNTIL_INVOICED, "the first invoice exists")}
        END IF;
        RETURN NEW;
    """,
)
CHANGE_IS_KEPT = pgtrigger.Protect(
    name="election_change_is_kept", operation=pgtrigger.Update | pgtrigger.Delete
)

# From the use case's side: what locked with the window stays locked, and changes by such a row alone.
ELECTION_IS_KEPT = pgtrigger.Trigger(
    name=KEPT,
    when=pgtrigger.Before,
    operation=update_of("model", "model_locked_at"),
    func=f"""
        IF OLD.model_locked_at IS NULL THEN RETURN NEW; END IF;
        IF NEW.model_locked_at IS DISTINCT FROM OLD.model_locked_at
        THEN {refuse(KEPT, "an election stays locked")}
        END IF;
        IF NEW.model <> OLD.model AND NOT EXISTS (
            SELECT 1 FROM commissions_electionchange c
            WHERE c.use_case_id = NEW.id AND c.before = OLD.model AND c.model = NEW.model
        ) THEN {refuse(KEPT, "no director changed this election")}
        END IF;
        RETURN NEW;
    """,
)
