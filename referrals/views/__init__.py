"""Pages of partners about their referrals, and what mails lead to."""
