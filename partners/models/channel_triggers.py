"""What crosses rows about channels and fits no constraint (C15)."""

import pgtrigger

# ruff: noqa: S608 - the SQL below is put together from constants of this file alone
from partners.models.triggers import guard, refuse

ACCESS_FOR_ACTIVE_PARTNERS = guard(
    "channel_access_for_active_partners",
    pgtrigger.Insert,
    # The locks make a grant wait for an end, or a retirement, that is being written.
    """
        SELECT started_at, ended_at INTO partner FROM partners_partner WHERE id = NEW.partner_id FOR SHARE;
        SELECT retired_at INTO channel FROM partners_channel WHERE id = NEW.channel_id FOR SHARE;
    """
    + refuse(
        "channel_access_for_active_partners",
        """partner.started_at IS NULL OR partner.started_at > NEW.granted_at
           OR partner.ended_at <= NEW.granted_at""",
    )
    + refuse("channel_access_to_live_channels", "channel.retired_at IS NOT NULL"),
    declare=[("partner", "RECORD"), ("channel", "RECORD")],
)
ACCESS_IS_HISTORY = guard(  # a new grant is a new row: who was where, and when, stays readable
    "channel_access_is_history",
    pgtrigger.Update,
    refuse(
        "channel_access_is_history",
        """(NEW.partner_id, NEW.channel_id, NEW.granted_at)
             IS DISTINCT FROM (OLD.partner_id, OLD.channel_id, OLD.granted_at)
           OR (OLD.withdrawn_at IS NOT NULL AND NEW.withdrawn_at IS DISTINCT FROM OLD.withdrawn_at)
           OR (OLD.removal <> '' AND NEW.removal <> OLD.removal)""",
    ),
)
ANNOUNCEMENT_IS_KEPT = pgtrigger.Protect(name="announcement_is_kept", operation=pgtrigger.Delete)
ACCESS_IS_KEPT = pgtrigger.Protect(name="channel_access_is_kept", operation=pgtrigger.Delete)
TASK_IS_KEPT = pgtrigger.Protect(name="channel_task_is_kept", operation=pgtrigger.Delete)
TASK_DONE_STAYS_DONE = guard(
    "channel_task_done_stays_done",
    pgtrigger.Update,
    refuse(
        "channel_task_done_stays_done",
        """OLD.outcome <> '' AND (NEW.outcome, NEW.closed_at, NEW.closed_by_id)
                                  IS DISTINCT FROM (OLD.outcome, OLD.closed_at, OLD.closed_by_id)""",
    ),
)
