"""What the outbox delivers for referrals."""
