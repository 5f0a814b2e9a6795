"""Periodic work of referrals: each task asks what is due now, and may run twice."""
