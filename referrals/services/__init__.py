"""The writes of referrals: transactional, keyword-only, with `by` and `at`."""
