# ruff: noqa: S608 - the SQL below is put together from constants of this file alone
"""Triggers that make C18 final: which two use cases may be linked, by whom, and what that closes."""

import pgtrigger

from partners.models.triggers import canonical
from referrals.guards import update_of


def refuse(name: str, message: str) -> str:
    return f"RAISE EXCEPTION '{message}' USING ERRCODE = 'check_violation', CONSTRAINT = '{name}';"


def began(use_case: str) -> str:
    """Return SQL for the moment at which the meeting began that opened a use case's window."""
    return f"""(
        SELECT min(i.starts_at) FROM referrals_discussion d
          JOIN referrals_introduction i ON i.id = d.introduction_id
          JOIN referrals_referral m ON m.id = i.referral_id
         WHERE d.use_case_id = {use_case}.id AND d.discussed AND i.status = 'held'
           AND i.medium IN ('video', 'in_person') AND i.starts_at > {use_case}.defined_at
           AND {use_case}.referral_id = COALESCE(m.root_id, m.id)
           AND (i.starts_at AT TIME ZONE 'Europe/Amsterdam')::date = {use_case}.window_starts_on
    )"""


def _only_a_lead(person: str) -> str:
    """Return SQL that refuses whoever is no sales lead, or is one of the two partners under any account."""
    return f"""
        IF NOT EXISTS (
            SELECT 1 FROM core_rolegrant g JOIN core_user lead ON lead.id = g.user_id AND lead.is_active
            WHERE g.user_id = {person} AND g.role = 'sales_lead' AND g.ended_at IS NULL
        ) THEN {refuse("use_case_link_by_a_sales_lead", "only a sales lead links two use cases")}
        END IF;
        IF EXISTS (
            SELECT 1 FROM referrals_usecase u JOIN partners_partner p ON p.id = u.partner_id
              JOIN core_user theirs ON theirs.id = p.user_id
              JOIN core_user lead ON lead.id = {person}
            WHERE u.id IN (NEW.paying_id, NEW.duplicate_id)
              AND (theirs.id = lead.id
                   OR {canonical("lead.email")} IN (p.identity, {canonical("theirs.email")}))
        ) THEN {refuse("use_case_link_not_of_ones_own", "who is one of the two partners")}
        END IF;
    """


ROWS = """
    SELECT u.id, u.partner_id, u.outcome, u.defined_at, r.company_id, {began} AS began INTO {into}
      FROM referrals_usecase u JOIN referrals_referral r ON r.id = u.referral_id WHERE u.id = {id};
"""

# The lock lets two sales leads take turns, whoever writes: A for B and B for A, or a chain of three.
LINK_BY_THE_PROGRAMME = pgtrigger.Trigger(
    name="use_case_link_by_the_programme",
    when=pgtrigger.Before,
    operation=pgtrigger.Insert,
    declare=[("one", "RECORD"), ("other", "RECORD")],
    func=f"""
        PERFORM 1 FROM referrals_usecase WHERE id IN (NEW.paying_id, NEW.duplicate_id)
          ORDER BY id FOR NO KEY UPDATE;
        {_only_a_lead("NEW.linked_by_id")}
        {ROWS.format(began=began("u"), into="one", id="NEW.paying_id")}
        {ROWS.format(began=began("u"), into="other", id="NEW.duplicate_id")}
        IF one.company_id IS DISTINCT FROM other.company_id
        THEN {refuse("use_case_link_at_one_company", "two use cases of two companies")}
        END IF;
        IF one.partner_id = other.partner_id
        THEN {refuse("use_case_link_of_two_partners", "two use cases of one partner")}
        END IF;
        IF one.began IS NULL OR other.began IS NULL
           OR (one.began, one.defined_at, one.id) > (other.began, other.defined_at, other.id)
        THEN {refuse("use_case_link_first_meeting_pays", "the one whose qualifying meeting began first pays")}
        END IF;
        IF EXISTS (
            SELECT 1 FROM referrals_usecaselink l WHERE l.taken_back_at IS NULL
               AND (l.duplicate_id = NEW.paying_id OR l.paying_id = NEW.duplicate_id)
        ) THEN {refuse("use_case_link_never_a_chain", "one of them is linked the other way already")}
        END IF;
        IF NEW.taken_back_at IS NULL AND (one.outcome <> '' OR other.outcome <> '')
        THEN {refuse("use_case_link_of_open_ones", "one of them was closed")}
        END IF;
        RETURN NEW;
    """,
)

LINK_IS_KEPT = pgtrigger.Trigger(
    name="use_case_link_is_kept",
    when=pgtrigger.Before,
    operation=pgtrigger.Update | pgtrigger.Delete,
    func=f"""
        IF TG_OP = 'DELETE' OR OLD.taken_back_at IS NOT NULL OR NEW.taken_back_at IS NULL
           OR (NEW.id, NEW.paying_id, NEW.duplicate_id, NEW.reason, NEW.linked_by_id, NEW.linked_at,
               NEW.stage_before, NEW.moved_reference)
              IS DISTINCT FROM
              (OLD.id, OLD.paying_id, OLD.duplicate_id, OLD.reason, OLD.linked_by_id, OLD.linked_at,
               OLD.stage_before, OLD.moved_reference)
        THEN {refuse("use_case_link_is_kept", "a link is added, and taken back once")}
        END IF;
        {_only_a_lead("NEW.taken_back_by_id")}
        RETURN NEW;
    """,
)

LINK_CLOSES_ITS_DUPLICATE = pgtrigger.Trigger(  # when the transaction ends
    name="use_case_link_closes_its_duplicate",
    when=pgtrigger.After,
    operation=pgtrigger.Insert | pgtrigger.Update,
    timing=pgtrigger.Deferred,
    func=f"""
        IF EXISTS (
            SELECT 1 FROM referrals_usecaselink l JOIN referrals_usecase u ON u.id = l.duplicate_id
             WHERE l.id = NEW.id AND l.taken_back_at IS NULL
               AND (u.outcome <> 'duplicate' OR u.same_need_as_id IS DISTINCT FROM l.paying_id)
        ) OR EXISTS (
            SELECT 1 FROM referrals_usecase u WHERE u.id = NEW.duplicate_id AND u.outcome = 'duplicate'
               AND NOT EXISTS (SELECT 1 FROM referrals_usecaselink l
                                WHERE l.duplicate_id = u.id AND l.taken_back_at IS NULL)
        ) THEN {refuse("use_case_link_closes_its_duplicate", "a link closes the one that does not pay")}
        END IF;
        RETURN NULL;
    """,
)

DUPLICATE_BY_A_LINK = pgtrigger.Trigger(  # the same, from the use case's side
    name="use_case_duplicate_by_a_link",
    when=pgtrigger.Before,
    operation=pgtrigger.Insert | update_of("outcome", "same_need_as_id"),
    declare=[("linked_to", "bigint")],
    func=f"""
        SELECT l.paying_id INTO linked_to FROM referrals_usecaselink l
         WHERE l.duplicate_id = NEW.id AND l.taken_back_at IS NULL;
        IF (NEW.outcome = 'duplicate') <> (linked_to IS NOT NULL)
           OR NEW.same_need_as_id IS DISTINCT FROM linked_to
        THEN {refuse("use_case_duplicate_by_a_link", "a sales lead links it to the one that pays")}
        END IF;
        RETURN NEW;
    """,
)

DEAL_NOT_WON_ON_A_DUPLICATE = pgtrigger.Trigger(
    name="deal_not_won_on_a_duplicate",
    when=pgtrigger.Before,
    operation=pgtrigger.Insert | update_of("stage"),
    func=f"""
        IF NEW.stage = 'won' AND (TG_OP = 'INSERT' OR OLD.stage <> 'won') AND EXISTS (
            SELECT 1 FROM referrals_usecase u WHERE u.id = NEW.use_case_id AND u.outcome = 'duplicate'
        ) THEN {refuse("deal_not_won_on_a_duplicate", "another use case pays for this need")}
        END IF;
        RETURN NEW;
    """,
)
