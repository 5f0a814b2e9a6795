"""Slack: inviting partners to channels, removing them, and announcing who has started."""
