"""What the outbox delivers for commissions."""
