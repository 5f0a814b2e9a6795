"""Invariants about what a partner leaves behind (C12, *Ending*): each is one query that returns no row, once
the work of the moment is done.
"""

INVARIANTS: list[tuple[int, str, str]] = [
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
