"""Saved views of the table, and files prepared from it."""

import datetime

import django.db.models.deletion
import django.db.models.expressions
import django.db.models.functions.text
from django.conf import settings
from django.db import migrations, models

import ssp.dashboard.models


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="SavedView",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("name", models.CharField(max_length=60, verbose_name="name")),
                ("query", models.CharField(blank=True, max_length=2000)),
                ("is_shared", models.BooleanField(default=False, verbose_name="shared with the team")),
                ("saved_at", models.DateTimeField()),
                (
                    "owner",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="saved_views",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(
                        condition=models.Q(("is_shared", True)), fields=["name"], name="saved_view_shared"
                    )
                ],
                "constraints": [
                    models.UniqueConstraint(
                        models.F("owner"),
                        django.db.models.functions.text.Lower("name"),
                        name="saved_view_name_once_per_person",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("name", ""), _negated=True), name="saved_view_has_name"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="TableExport",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("requested_at", models.DateTimeField()),
                ("format", models.CharField(choices=[("csv", "CSV"), ("xlsx", "XLSX")], max_length=4)),
                ("is_prepared", models.BooleanField(default=False)),
                ("query", models.CharField(blank=True, max_length=2000)),
                ("on", models.DateField()),
                ("rows", models.PositiveIntegerField()),
                (
                    "secret",
                    models.CharField(
                        default=ssp.dashboard.models.new_secret, editable=False, max_length=32, unique=True
                    ),
                ),
                ("file", models.FileField(blank=True, upload_to=ssp.dashboard.models.where_exports_lie)),
                ("size", models.PositiveBigIntegerField(default=0)),
                ("sha256", models.CharField(blank=True, max_length=64)),
                ("finished_at", models.DateTimeField(blank=True, null=True)),
                ("expires_at", models.DateTimeField()),
                (
                    "requested_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "indexes": [models.Index(fields=["expires_at"], name="table_export_by_end")],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("format__in", ["csv", "xlsx"])), name="table_export_known_format"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("finished_at__isnull", True), ("query", ""), _connector="OR"),
                        name="table_export_forgets_what_was_asked",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("finished_at__isnull", False),
                                ("is_prepared", True),
                                models.Q(("file", ""), _negated=True),
                            ),
                            models.Q(
                                models.Q(
                                    ("is_prepared", False), ("finished_at__isnull", True), _connector="OR"
                                ),
                                ("file", ""),
                            ),
                            _connector="OR",
                        ),
                        name="table_export_has_its_file_once_finished",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("finished_at__isnull", True), ("is_prepared", True)),
                        fields=("requested_by", "format", "query"),
                        name="table_export_once_at_a_time",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            (
                                "expires_at__lte",
                                django.db.models.expressions.CombinedExpression(
                                    models.F("requested_at"), "+", models.Value(datetime.timedelta(days=1))
                                ),
                            )
                        ),
                        name="table_export_a_day_at_most",
                    ),
                ],
            },
        ),
    ]
