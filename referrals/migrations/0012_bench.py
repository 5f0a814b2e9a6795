"""Find a person by their identity among ended claims too: whether they objected is asked at each registration."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("referrals", "0011_links"),
    ]

    operations = [
        migrations.AddIndex(
            model_name="referral",
            index=models.Index(fields=["identity"], name="referral_by_identity"),
        ),
    ]
