"""What crosses rows and fits no constraint: triggers that make the programme's invariants final.

Each raises a check violation that carries its own name, so that `constraint_as` can turn it into a refusal.
"""

from typing import Any

import pgtrigger
from django.db.models import DateTimeField, Func

from partners.models.triggers import canonical

# ruff: noqa: S608 - the SQL below is put together from constants of this file alone


class EndOfDay(Func):
    """The instant at which a calendar date is over in Amsterdam."""

    template = "(((%(expressions)s + 1)::timestamp) AT TIME ZONE 'Europe/Amsterdam')"
    output_field = DateTimeField()


def refuse(name: str, message: str) -> str:
    return f"RAISE EXCEPTION '{message}' USING ERRCODE = 'check_violation', CONSTRAINT = '{name}';"


def update_of(*columns: str) -> Any:
    return pgtrigger.UpdateOf(*columns)  # type: ignore[no-untyped-call,unused-ignore]


PARTNER_HAS_CONTRACT = pgtrigger.Trigger(  # invariant 2
    name="referral_partner_has_contract",
    when=pgtrigger.Before,
    operation=pgtrigger.Insert,
    func=f"""
        IF NOT EXISTS (
            SELECT 1 FROM partners_contract c
            WHERE c.partner_id = NEW.partner_id AND c.status = 'signed'
              AND (c.signed_at AT TIME ZONE 'Europe/Amsterdam')::date <= NEW.registered_on
        ) THEN {refuse("referral_partner_has_contract", "the partner had no signed contract on that day")}
        END IF;
        RETURN NEW;
    """,
)

# *Ending*: the lock waits for whoever ends the partnership at this moment: no claim begins after its end.
# A colleague whom a person passes us on to may still help to close what runs on after a notice (C3).
WHILE_A_PARTNER = pgtrigger.Trigger(
    name="referral_while_a_partner",
    when=pgtrigger.Before,
    operation=pgtrigger.Insert,
    func=f"""
        PERFORM 1 FROM partners_partner WHERE id = NEW.partner_id FOR SHARE;
        IF NEW.claim_ended_at IS NULL AND EXISTS (
            SELECT 1 FROM partners_ending e
            WHERE e.partner_id = NEW.partner_id AND e.ends_at <= NEW.registered_at
              AND e.withdrawn_at IS NULL AND e.replaced_by_id IS NULL
              AND (e.rejoined_at IS NULL OR e.rejoined_at > NEW.registered_at)
              AND NOT (e.kind = 'notice' AND EXISTS (
                  SELECT 1 FROM referrals_referral r WHERE r.id = NEW.root_id AND r.claim_ended_at IS NULL))
        ) THEN {refuse("referral_while_a_partner", "the partnership was over at that moment")}
        END IF;
        RETURN NEW;
    """,
)

# *Ending*: an introduction keeps its window, and none begins after the partnership's last day.
WINDOW_WHILE_A_PARTNER = pgtrigger.Trigger(
    name="use_case_window_while_a_partner",
    when=pgtrigger.Before,
    operation=pgtrigger.Insert | update_of("window_starts_on"),
    func=f"""
        IF NEW.window_starts_on IS NOT NULL AND EXISTS (
            SELECT 1 FROM partners_ending e
            WHERE e.partner_id = NEW.partner_id AND e.withdrawn_at IS NULL AND e.replaced_by_id IS NULL
              AND e.ends_at <= (NEW.window_starts_on::timestamp AT TIME ZONE 'Europe/Amsterdam')
              AND (e.rejoined_at IS NULL
                   OR e.rejoined_at >= ((NEW.window_starts_on + 1)::timestamp
                                        AT TIME ZONE 'Europe/Amsterdam'))
        ) THEN {refuse("use_case_window_while_a_partner", "the partnership was over before that day")}
        END IF;
        RETURN NEW;
    """,
)

INTERNAL_REFERRAL_LIKE_ITS_ROOT = pgtrigger.Trigger(  # invariant 3
    name="referral_internal_like_its_root",
    when=pgtrigger.Before,
    operation=pgtrigger.Insert | update_of("root_id", "company_id", "partner_id"),
    func=f"""
        IF NEW.root_id IS NOT NULL AND NOT EXISTS (
            SELECT 1 FROM referrals_referral r
            WHERE r.id = NEW.root_id AND r.root_id IS NULL
              AND r.company_id = NEW.company_id AND r.partner_id = NEW.partner_id
        ) THEN {refuse("referral_internal_like_its_root", "same company and partner as a root referral")}
        END IF;
        IF NEW.root_id IS NULL AND EXISTS (
            SELECT 1 FROM referrals_referral r
            WHERE r.root_id = NEW.id AND (r.company_id <> NEW.company_id OR r.partner_id <> NEW.partner_id)
        ) THEN {refuse("referral_internal_like_its_root", "its internal referrals are elsewhere")}
        END IF;
        RETURN NEW;
    """,
)

WARM_AFTER_A_MEETING = pgtrigger.Trigger(  # invariants 6 and C2's dates
    name="use_case_warm_after_a_meeting",
    when=pgtrigger.Before,
    operation=pgtrigger.Insert
    | update_of("window_starts_on", "window_ends_on", "extended_months", "referral_id"),
    func=f"""
        IF NEW.window_starts_on IS NULL THEN RETURN NEW; END IF;
        IF NEW.window_ends_on <> (
            (NEW.window_starts_on + interval '6 months')::date + make_interval(months => NEW.extended_months)
        )::date THEN {refuse("use_case_window_is_six_months", "a window is six months and its extension")}
        END IF;
        IF NOT EXISTS (
            SELECT 1 FROM referrals_discussion d
            JOIN referrals_introduction i ON i.id = d.introduction_id
            JOIN referrals_referral r ON r.id = i.referral_id
            WHERE d.use_case_id = NEW.id AND d.discussed AND i.status = 'held'
              AND i.medium IN ('video', 'in_person') AND i.starts_at > NEW.defined_at
              AND (i.starts_at AT TIME ZONE 'Europe/Amsterdam')::date = NEW.window_starts_on
              AND NEW.referral_id = COALESCE(r.root_id, r.id)
        ) THEN {refuse("use_case_warm_after_a_meeting", "no held meeting discussed it on that day")}
        END IF;
        RETURN NEW;
    """,
)

DEFINED_ONCE = pgtrigger.ReadOnly(name="use_case_defined_once", fields=["defined_at", "partner"])

_DEFINITION = ("title", "problem", "data", "who_feels_it", "expected_value")
DEFINITION_IS_KEPT = pgtrigger.Trigger(  # C8: the partner's words; they may be erased, never rewritten
    name="use_case_definition_is_kept",
    when=pgtrigger.Before,
    operation=update_of(*_DEFINITION),
    func=f"""
        IF {" OR ".join(f"(NEW.{each} <> OLD.{each} AND NEW.{each} <> '')" for each in _DEFINITION)}
        THEN {refuse("use_case_definition_is_kept", "a use case stays as its partner defined it")}
        END IF;
        RETURN NEW;
    """,
)

COMMENT_IS_KEPT = pgtrigger.Trigger(  # C8: what was said stays said; a text may be erased, nothing else
    name="use_case_comment_is_kept",
    when=pgtrigger.Before,
    operation=pgtrigger.Update | pgtrigger.Delete,
    func=f"""
        IF TG_OP = 'DELETE' OR NEW.text <> '' OR (NEW.id, NEW.use_case_id, NEW.author_id, NEW.written_at)
            IS DISTINCT FROM (OLD.id, OLD.use_case_id, OLD.author_id, OLD.written_at)
        THEN {refuse("use_case_comment_is_kept", "comments are only added")}
        END IF;
        RETURN NEW;
    """,
)

NOTE_IS_KEPT = pgtrigger.Trigger(  # as a comment: a text may be erased, nothing else
    name="note_is_kept",
    when=pgtrigger.Before,
    operation=pgtrigger.Update | pgtrigger.Delete,
    func=f"""
        IF TG_OP = 'DELETE' OR NEW.text <> ''
            OR (NEW.id, NEW.referral_id, NEW.use_case_id, NEW.company_id, NEW.partner_id, NEW.author_id,
                NEW.written_at)
            IS DISTINCT FROM (OLD.id, OLD.referral_id, OLD.use_case_id, OLD.company_id, OLD.partner_id,
                OLD.author_id, OLD.written_at)
        THEN {refuse("note_is_kept", "notes are only added")}
        END IF;
        RETURN NEW;
    """,
)

# The lock waits for whoever removes the person's details at this moment: nothing is noted after that.
NOTE_ABOUT_SOMEBODY = pgtrigger.Trigger(
    name="note_about_somebody",
    when=pgtrigger.Before,
    operation=pgtrigger.Insert,
    declare=[("gone", "timestamptz")],
    func=f"""
        SELECT r.anonymised_at INTO gone FROM referrals_referral r
         WHERE r.id = coalesce(NEW.referral_id,
                               (SELECT u.referral_id FROM referrals_usecase u WHERE u.id = NEW.use_case_id))
           FOR SHARE;
        IF gone IS NOT NULL
        THEN {refuse("note_about_somebody", "the details of this person were removed")}
        END IF;
        RETURN NEW;
    """,
)

# As a cascade would, whoever removes the person's details: what was noted about them goes at the same moment.
NOTES_GO_WITH_THE_PERSON = pgtrigger.Trigger(  # invariant 14
    name="referral_notes_go_with_the_person",
    when=pgtrigger.After,
    operation=update_of("anonymised_at"),
    func="""
        IF NEW.anonymised_at IS NOT NULL THEN
            UPDATE referrals_note SET text = ''
             WHERE text <> '' AND (referral_id = NEW.id OR use_case_id IN (
                   SELECT u.id FROM referrals_usecase u WHERE u.referral_id = NEW.id));
        END IF;
        RETURN NEW;
    """,
)

HELD_MEETING_STAYS_HELD = pgtrigger.Trigger(  # invariant 6, from the meeting's side
    name="introduction_held_stays_held",
    when=pgtrigger.Before,
    operation=update_of("status", "medium", "starts_at", "referral_id"),
    func=f"""
        IF OLD.status = 'held' AND (
            NEW.status <> 'held' OR NEW.medium NOT IN ('video', 'in_person') OR NEW.starts_at <> OLD.starts_at
            OR NEW.referral_id <> OLD.referral_id
        ) AND EXISTS (
            SELECT 1 FROM referrals_discussion d JOIN referrals_usecase u ON u.id = d.use_case_id
            WHERE d.introduction_id = NEW.id AND d.discussed
              AND u.window_starts_on = (OLD.starts_at AT TIME ZONE 'Europe/Amsterdam')::date
        ) THEN {refuse("introduction_held_stays_held", "a window rests on this meeting")}
        END IF;
        RETURN NEW;
    """,
)

# C2: a superuser has no way around it, and a second account of the same person is the same person (C22). The
# lock lets two who grant at once take turns, whoever writes them.
EXTENSION_BY_A_DIRECTOR = pgtrigger.Trigger(
    name="window_extension_by_a_director",
    when=pgtrigger.Before,
    operation=pgtrigger.Insert,
    declare=[("extended", "RECORD")],
    func=f"""
        SELECT u.* INTO extended FROM referrals_usecase u WHERE u.id = NEW.use_case_id FOR NO KEY UPDATE;
        IF NOT EXISTS (
            SELECT 1 FROM core_rolegrant g JOIN core_user d ON d.id = g.user_id AND d.is_active
            WHERE g.user_id = NEW.director_id AND g.role = 'director' AND g.ended_at IS NULL
        ) THEN {refuse("window_extension_by_a_director", "only a director extends a window")}
        END IF;
        IF EXISTS (
            SELECT 1 FROM partners_partner p
              JOIN partners_partner near ON near.id IN (p.id, p.recruiter_id)
              JOIN core_user theirs ON theirs.id = near.user_id
              JOIN core_user director ON director.id = NEW.director_id
            WHERE p.id = extended.partner_id
              AND (theirs.id = director.id
                   OR {canonical("director.email")} IN (near.identity, {canonical("theirs.email")}))
        ) THEN {refuse("window_extension_without_interest", "who earns from the use case")}
        END IF;
        IF extended.window_starts_on IS NULL OR extended.outcome <> ''
        THEN {refuse("window_extension_of_an_open_use_case", "no window, or the use case was closed")}
        END IF;
        IF extended.extended_months <> 0
        THEN {refuse("window_extension_once", "the window was extended before")}
        END IF;
        IF EXISTS (
            SELECT 1 FROM partners_ending e JOIN referrals_referral r ON r.id = extended.referral_id
            WHERE e.partner_id = extended.partner_id AND e.kind = 'cause' AND e.ends_at IS NOT NULL
              AND (e.rejoined_at IS NULL OR e.rejoined_at > r.registered_at)
        ) THEN {refuse("window_extension_not_after_cause", "the partnership ended for cause")}
        END IF;
        RETURN NEW;
    """,
)
EXTENSION_IS_KEPT = pgtrigger.Protect(
    name="window_extension_is_kept", operation=pgtrigger.Update | pgtrigger.Delete
)

# C2, from the window's side: no month without who granted it. A window that was longer before extensions
# had rows stays as it is: what doesn't change isn't asked.
EXTENDED_BY_AN_EXTENSION = pgtrigger.Trigger(
    name="use_case_extended_by_an_extension",
    when=pgtrigger.Before,
    operation=pgtrigger.Insert | update_of("extended_months"),
    func=f"""
        IF TG_OP = 'UPDATE' THEN
            IF NEW.extended_months = OLD.extended_months THEN RETURN NEW; END IF;
        ELSIF NEW.extended_months = 0 THEN RETURN NEW;
        END IF;
        IF NOT EXISTS (
            SELECT 1 FROM referrals_windowextension x
            WHERE x.use_case_id = NEW.id AND x.months = NEW.extended_months
        ) THEN {refuse("use_case_extended_by_an_extension", "no director granted this extension")}
        END IF;
        RETURN NEW;
    """,
)

DEAL_NEEDS_A_WINDOW = pgtrigger.Trigger(
    name="deal_needs_a_window",
    when=pgtrigger.Before,
    operation=pgtrigger.Insert,
    func=f"""
        IF NOT EXISTS (
            SELECT 1 FROM referrals_usecase u WHERE u.id = NEW.use_case_id AND u.window_starts_on IS NOT NULL
        ) THEN {refuse("deal_needs_a_window", "a deal belongs to a use case with a window")}
        END IF;
        RETURN NEW;
    """,
)

# The table of introductions walks along what is undecided, the window that ends first on top: the use case
# itself says so. A saved row that is stale can't undo the mark, because every write works it out anew.
DECIDED_WITH_ITS_DEAL = pgtrigger.Trigger(
    name="use_case_decided_with_its_deal",
    when=pgtrigger.Before,
    operation=pgtrigger.Insert | pgtrigger.Update,
    func="""
        NEW.is_decided := NEW.outcome <> '' OR EXISTS (
            SELECT 1 FROM referrals_deal d WHERE d.use_case_id = NEW.id AND d.stage IN ('won', 'lost')
        );
        RETURN NEW;
    """,
)
DEAL_DECIDES_ITS_USE_CASE = pgtrigger.Trigger(  # locks as services do: the deal, then its use case
    name="deal_decides_its_use_case",
    when=pgtrigger.After,
    operation=pgtrigger.Insert | update_of("stage", "use_case_id"),
    func="""
        UPDATE referrals_usecase SET is_decided = is_decided
         WHERE id = NEW.use_case_id AND outcome = '' AND is_decided <> (NEW.stage IN ('won', 'lost'));
        RETURN NULL;
    """,
)

# Nobody is responsible for what they brought in themselves, as nobody hosts or wins it (C1, C14): under this
# account, or another one of the same person.
SELLER_IS_NOT_THE_PARTNER = pgtrigger.Trigger(
    name="referral_seller_is_not_its_partner",
    when=pgtrigger.Before,
    operation=pgtrigger.Insert | update_of("seller_id", "partner_id"),
    func=f"""
        IF TG_OP = 'UPDATE' THEN  -- people's addresses change: what doesn't change isn't asked
            IF (NEW.seller_id, NEW.partner_id) IS NOT DISTINCT FROM (OLD.seller_id, OLD.partner_id)
            THEN RETURN NEW; END IF;
        END IF;
        IF NEW.seller_id IS NOT NULL AND EXISTS (
            SELECT 1 FROM partners_partner p
              JOIN core_user theirs ON theirs.id = p.user_id
              JOIN core_user seller ON seller.id = NEW.seller_id
            WHERE p.id = NEW.partner_id
              AND (theirs.id = seller.id
                   OR {canonical("seller.email")} IN (p.identity, {canonical("theirs.email")}))
        ) THEN {refuse("referral_seller_is_not_its_partner", "the seller is the partner")}
        END IF;
        RETURN NEW;
    """,
)
