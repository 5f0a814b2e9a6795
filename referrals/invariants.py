"""Invariants 1, 2, 3, 6, 7 and 14 of the programme: each is one query that returns no row.

Those about what a partner leaves behind (C12, *Ending*) hold once the work of the moment is done.
"""
# ruff: noqa: S608 - SQL of constants alone

from referrals.link_guards import began

CLAIMS: list[tuple[int, str, str]] = [
    (
        1,
        "No two live claims on one identity.",
        """
        SELECT min(id) FROM referrals_referral WHERE claim_ended_at IS NULL
         GROUP BY identity HAVING count(*) > 1
        """,
    ),
    (
        2,
        "No referral whose partner had no signed contract on its registration day.",
        """
        SELECT r.id FROM referrals_referral r
         WHERE NOT EXISTS (
               SELECT 1 FROM partners_contract c
                WHERE c.partner_id = r.partner_id AND c.status = 'signed'
                  AND (c.signed_at AT TIME ZONE 'Europe/Amsterdam')::date <= r.registered_on)
        """,
    ),
    (
        3,
        "No root with more than 3 internal referrals.",
        """
        SELECT root_id FROM referrals_referral WHERE root_id IS NOT NULL
         GROUP BY root_id HAVING count(*) > 3
        """,
    ),
    (
        3,
        "No internal referral at another company, of another partner, or of a root that is internal itself.",
        """
        SELECT r.id FROM referrals_referral r JOIN referrals_referral root ON root.id = r.root_id
         WHERE r.company_id <> root.company_id OR r.partner_id <> root.partner_id OR root.root_id IS NOT NULL
        """,
    ),
    (
        6,
        "No warm use case without a held meeting by video or in person that discussed it, defined before it.",
        """
        SELECT u.id FROM referrals_usecase u
         WHERE u.window_starts_on IS NOT NULL AND NOT EXISTS (
               SELECT 1 FROM referrals_discussion d
                 JOIN referrals_introduction i ON i.id = d.introduction_id
                 JOIN referrals_referral r ON r.id = i.referral_id
                WHERE d.use_case_id = u.id AND d.discussed AND i.status = 'held'
                  AND i.medium IN ('video', 'in_person') AND u.defined_at < i.starts_at
                  AND u.referral_id = coalesce(r.root_id, r.id)
                  AND u.window_starts_on = (i.starts_at AT TIME ZONE 'Europe/Amsterdam')::date)
        """,
    ),
    (
        7,
        "No two deals per use case, and none without a window.",
        """
        SELECT min(d.id) FROM referrals_deal d JOIN referrals_usecase u ON u.id = d.use_case_id
         GROUP BY d.use_case_id HAVING count(*) > 1 OR bool_or(u.window_starts_on IS NULL)
        """,
    ),
    (
        14,
        "No personal field left on an anonymised person.",
        """
        SELECT r.id FROM referrals_referral r
         WHERE r.anonymised_at IS NOT NULL
           AND concat(r.first_name, r.last_name, r.email, r.title, r.relation) <> ''
        """,
    ),
    (
        14,
        "No comment about the use case of a person who objected, written before that.",
        """
        SELECT c.id FROM referrals_usecasecomment c
          JOIN referrals_usecase u ON u.id = c.use_case_id JOIN referrals_referral r ON r.id = u.referral_id
         WHERE c.text <> '' AND c.written_at <= r.objected_at
        """,
    ),
]

LEAVING: list[tuple[int, str, str]] = [
    (
        6,
        "No window longer than six months and its one granted extension.",
        """
        SELECT u.id FROM referrals_usecase u LEFT JOIN referrals_windowextension x ON x.use_case_id = u.id
         WHERE u.window_starts_on IS NOT NULL
           AND (u.extended_months <> coalesce(x.months, u.extended_months)
                OR u.window_ends_on <> ((u.window_starts_on + interval '6 months')::date
                                        + make_interval(months => u.extended_months))::date)
        """,
    ),
    (
        1,
        "No live claim of a partner who left for cause.",
        """
        SELECT r.id FROM referrals_referral r
          JOIN partners_ending e ON e.partner_id = r.partner_id AND e.kind = 'cause' AND e.ends_at IS NOT NULL
         WHERE r.claim_ended_at IS NULL AND (e.rejoined_at IS NULL OR e.rejoined_at > r.registered_at)
           AND e.carried_out_at IS NOT NULL
        """,
    ),
    (
        1,
        "No person registered for a partner who had left.",
        """
        SELECT r.id FROM referrals_referral r
          JOIN partners_ending e ON e.partner_id = r.partner_id
         WHERE r.root_id IS NULL AND e.ends_at <= r.registered_at AND e.withdrawn_at IS NULL
           AND e.replaced_by_id IS NULL AND (e.rejoined_at IS NULL OR e.rejoined_at > r.registered_at)
        """,
    ),
    (
        6,
        "No window that began while there was no partnership.",
        """
        SELECT u.id FROM referrals_usecase u
          JOIN partners_ending e ON e.partner_id = u.partner_id
         WHERE e.withdrawn_at IS NULL AND e.replaced_by_id IS NULL
           AND e.ends_at <= (u.window_starts_on::timestamp AT TIME ZONE 'Europe/Amsterdam')
           AND (e.rejoined_at IS NULL
                OR e.rejoined_at >= ((u.window_starts_on + 1)::timestamp AT TIME ZONE 'Europe/Amsterdam'))
        """,
    ),
]

NOTES: list[tuple[int, str, str]] = [
    (
        14,
        "No note about an anonymised person.",
        """
        SELECT n.id FROM referrals_note n
          LEFT JOIN referrals_usecase u ON u.id = n.use_case_id
          JOIN referrals_referral r ON r.id = coalesce(n.referral_id, u.referral_id)
         WHERE n.text <> '' AND r.anonymised_at IS NOT NULL
        """,
    ),
]


LINKS: list[tuple[int, str, str]] = [
    (
        8,
        "No link but of two partners' use cases at one company, whose first qualifying meeting pays.",
        f"""
        SELECT l.id FROM referrals_usecaselink l
          JOIN referrals_usecase u ON u.id = l.paying_id JOIN referrals_referral r ON r.id = u.referral_id
          JOIN referrals_usecase o ON o.id = l.duplicate_id JOIN referrals_referral s ON s.id = o.referral_id
         WHERE l.taken_back_at IS NULL
           AND (u.partner_id = o.partner_id OR r.company_id <> s.company_id
                OR coalesce(({began("u")}, u.defined_at, u.id) > ({began("o")}, o.defined_at, o.id), true))
        """,
    ),
    (
        8,
        "No use case closed as the same need without its one link, none linked and not closed, no chain.",
        """
        SELECT u.id FROM referrals_usecase u
          LEFT JOIN referrals_usecaselink l ON l.duplicate_id = u.id AND l.taken_back_at IS NULL
          LEFT JOIN referrals_usecaselink next
                 ON next.duplicate_id = l.paying_id AND next.taken_back_at IS NULL
         WHERE (u.outcome = 'duplicate') <> (l.id IS NOT NULL)
            OR u.same_need_as_id IS DISTINCT FROM l.paying_id OR next.id IS NOT NULL
        """,
    ),
]


FORGETTING: list[tuple[int, str, str]] = [
    (
        14,
        "No key of a name, place of a meeting or comment left of somebody forgotten.",
        """
        SELECT r.id FROM referrals_referral r
         WHERE r.anonymised_at IS NOT NULL
           AND (r.name_key <> ''
                OR EXISTS (SELECT 1 FROM referrals_introduction i
                            WHERE i.referral_id = r.id AND i.place <> '' AND i.proposed_at <= r.anonymised_at)
                OR EXISTS (SELECT 1 FROM referrals_usecasecomment c
                             JOIN referrals_usecase u ON u.id = c.use_case_id
                            WHERE u.referral_id = r.id AND c.text <> ''
                              AND c.written_at <= r.anonymised_at))
        """,
    ),
    (
        14,
        "Nobody forgotten without their own word while something about them runs.",
        """
        SELECT r.id FROM referrals_referral r
          JOIN referrals_usecase u ON u.referral_id = coalesce(r.root_id, r.id)
          JOIN referrals_deal d ON d.use_case_id = u.id
         WHERE r.anonymised_at IS NOT NULL AND r.objected_at IS NULL
           AND d.stage = 'won' AND d.recorded_at <= r.anonymised_at
        """,
    ),
]

INVARIANTS = [*CLAIMS, *LEAVING, *LINKS, *NOTES, *FORGETTING]
