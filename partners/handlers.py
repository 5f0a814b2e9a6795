"""What the outbox delivers for partners."""
