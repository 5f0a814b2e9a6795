"""What the database holds to when a person is forgotten (invariant 14)."""

import pgtrigger

from referrals.guards import refuse, update_of

# ruff: noqa: S608 - the SQL below is put together from constants of this file alone

# Whoever empties a name empties what is compared for it, a release that knows no such column too.
FORGOTTEN_NAME_HAS_NO_KEY = pgtrigger.Trigger(
    name="referral_forgotten_name_has_no_key",
    when=pgtrigger.Before,
    operation=pgtrigger.Insert | pgtrigger.Update,
    condition=pgtrigger.Q(new__anonymised_at__isnull=False) & ~pgtrigger.Q(new__name_key=""),
    func="NEW.name_key = ''; RETURN NEW;",
)

# *People's data*: without the person's own word only an introduction that came to nothing is forgotten.
# An introduction is the person and the colleagues they passed us on to (C3): they share their windows.
FORGOTTEN_CAME_TO_NOTHING = pgtrigger.Trigger(
    name="referral_forgotten_came_to_nothing",
    when=pgtrigger.Before,
    operation=update_of("anonymised_at"),
    condition=pgtrigger.Q(old__anonymised_at__isnull=True)
    & pgtrigger.Q(new__anonymised_at__isnull=False)
    & pgtrigger.Q(new__objected_at__isnull=True),
    declare=[("family", "BIGINT"), ("day", "DATE")],
    func=f"""
        family = COALESCE(NEW.root_id, NEW.id);
        day = (NEW.anonymised_at AT TIME ZONE 'Europe/Amsterdam')::date;
        IF EXISTS (
            SELECT 1 FROM referrals_referral r
            WHERE family IN (r.id, r.root_id) AND r.claim_ended_at IS NULL
              AND r.status IN ('checking', 'registered', 'not_warm')
        ) OR EXISTS (
            SELECT 1 FROM referrals_usecase u LEFT JOIN referrals_deal d ON d.use_case_id = u.id
            WHERE u.referral_id = family
              AND (d.stage = 'won'
                   OR (u.outcome = '' AND u.window_ends_on >= day AND d.stage IS DISTINCT FROM 'lost'))
        ) OR EXISTS (
            SELECT 1 FROM referrals_introduction i JOIN referrals_referral r ON r.id = i.referral_id
              LEFT JOIN referrals_confirmation c ON c.introduction_id = i.id
            WHERE family IN (r.id, r.root_id)
              AND (i.status = 'booked' OR (c.contested_at IS NOT NULL AND c.settled_at IS NULL))
        ) THEN {refuse("referral_forgotten_came_to_nothing", "something about this person still runs")}
        END IF;
        RETURN NEW;
    """,
)

TRIGGERS = [FORGOTTEN_NAME_HAS_NO_KEY, FORGOTTEN_CAME_TO_NOTHING]
