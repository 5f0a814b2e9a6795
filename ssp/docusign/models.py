"""What Connect told us: stored first, worked on later."""

from django.db import models


class ConnectEvent(models.Model):
    """One webhook message, as far as it matters: ids and what happened. Never a name or an address.

    It is a hint that something happened to an envelope; whoever works on it asks DocuSign what. A repeat has
    the same digest, so it is stored once.
    """

    envelope_id = models.CharField(max_length=64)
    event = models.CharField(max_length=64)
    generated_at = models.DateTimeField()
    received_at = models.DateTimeField()
    body_digest = models.CharField(max_length=64, unique=True)
    details = models.JSONField(default=dict)
    processed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes = [models.Index(fields=["envelope_id", "generated_at"], name="connect_event_by_envelope")]

    def __str__(self) -> str:
        return f"{self.event} {self.envelope_id}"
