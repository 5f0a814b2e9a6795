"""Referrals: people introduced, meetings held, use cases and their deals."""
