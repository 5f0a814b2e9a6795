"""Pages of the referral desk."""
