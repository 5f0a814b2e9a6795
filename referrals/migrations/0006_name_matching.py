"""Names are found by their trigrams (C10): keys that fold more, on claims and companies too, and indexes."""

import re
import unicodedata
from collections.abc import Callable

import django.contrib.postgres.indexes
from django.contrib.postgres.operations import TrigramExtension
from django.db import migrations, models

from referrals import rules

BATCH = 5000
Row = tuple[str, ...]


def write_keys(schema_editor, table: str, read: list[str], keys: dict[str, Callable[[Row], str]]) -> None:
    """Compute the keys of every row, some thousand at a time; a row whose keys stay isn't written.

    The keys are today's code's, which is what compares them; whoever changes the folding adds such a migration.
    """
    columns, last = ", ".join(["id", *read, *keys]), 0
    old = len(read) + 1
    values = ", ".join(["%s::bigint[]", *("%s::text[]" for _ in keys)])
    sets = ", ".join(f"{key} = new.{key}" for key in keys)
    with schema_editor.connection.cursor() as cursor:
        while True:
            cursor.execute(
                f"SELECT {columns} FROM {table} WHERE id > %s ORDER BY id LIMIT {BATCH}",  # noqa: S608
                [last],
            )
            rows = cursor.fetchall()
            if not rows:
                return
            last = rows[-1][0]
            computed = [(row[0], *(of(row[1:old]) for of in keys.values())) for row in rows]
            changed = [new for row, new in zip(rows, computed, strict=True) if row[old:] != new[1:]]
            if changed:
                cursor.execute(
                    f"UPDATE {table} AS t SET {sets}"  # noqa: S608
                    f" FROM unnest({values}) AS new (id, {', '.join(keys)})"
                    " WHERE t.id = new.id",
                    [list(column) for column in zip(*changed, strict=True)],
                )


def fill(apps, schema_editor) -> None:
    names = {"name_key": lambda row: rules.name_key(row[0], row[1])[:400]}
    write_keys(
        schema_editor,
        "referrals_knowncontact",
        ["first_name", "last_name", "company_name"],
        names | {"company_key": lambda row: rules.company_key(row[2])[:300]},
    )
    write_keys(schema_editor, "referrals_referral", ["first_name", "last_name"], names)
    write_keys(
        schema_editor, "referrals_company", ["name"], {"key": lambda row: rules.company_key(row[0])[:300]}
    )


def back(apps, schema_editor) -> None:
    """Fold as the release before did: it compares whole keys."""
    write_keys(
        schema_editor,
        "referrals_knowncontact",
        ["first_name", "last_name", "company_name"],
        {
            "name_key": lambda row: " ".join(sorted(old_plain(f"{row[0]} {row[1]}").split()))[:400],
            "company_key": lambda row: old_company_key(row[2])[:300],
        },
    )


def old_plain(text: str) -> str:
    kept = unicodedata.normalize("NFKD", text).casefold()
    kept = kept.replace("ß", "ss").replace("ø", "o").replace("ł", "l")
    kept = "".join(c for c in unicodedata.normalize("NFKD", kept) if not unicodedata.combining(c))
    return re.sub(r"[\W_]+", " ", kept).strip()


def old_company_key(name: str) -> str:
    words = old_plain(re.sub(r"\b([bn])\.\s?v\.?", r"\1v", name.casefold())).split()
    return " ".join([word for word in words if word not in rules.LEGAL_FORMS] or words)


class Migration(migrations.Migration):
    dependencies = [("referrals", "0005_window_extension")]

    operations = [
        TrigramExtension(),
        migrations.RemoveConstraint(model_name="referral", name="referral_anonymised_is_empty"),
        migrations.RemoveIndex(model_name="knowncontact", name="known_contact_by_name"),
        migrations.AddField(
            model_name="company",
            name="key",
            field=models.CharField(blank=True, db_default="", editable=False, max_length=300),
        ),
        migrations.AddField(
            model_name="referral",
            name="name_key",
            field=models.CharField(blank=True, db_default="", editable=False, max_length=400),
        ),
        migrations.RunPython(fill, back),
        migrations.AddIndex(model_name="company", index=models.Index(fields=["key"], name="company_by_key")),
        migrations.AddIndex(
            model_name="knowncontact",
            index=django.contrib.postgres.indexes.GinIndex(
                fields=["name_key"], name="known_contact_by_name_like", opclasses=["gin_trgm_ops"]
            ),
        ),
        migrations.AddIndex(
            model_name="knowncontact",
            index=models.Index(fields=["company_key"], name="known_contact_by_company"),
        ),
        migrations.AddIndex(
            model_name="knowncontact",
            index=models.Index(fields=["domain"], name="known_contact_by_domain"),
        ),
        migrations.AddIndex(
            model_name="referral",
            index=django.contrib.postgres.indexes.GinIndex(
                condition=models.Q(("claim_ended_at__isnull", True)),
                fields=["name_key"],
                name="referral_live_by_name_like",
                opclasses=["gin_trgm_ops"],
            ),
        ),
        migrations.AddConstraint(
            model_name="referral",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("anonymised_at__isnull", True),
                    models.Q(
                        ("email", ""),
                        ("first_name", ""),
                        ("last_name", ""),
                        ("name_key", ""),
                        ("relation", ""),
                        ("title", ""),
                    ),
                    _connector="OR",
                ),
                name="referral_anonymised_is_empty",
            ),
        ),
    ]
