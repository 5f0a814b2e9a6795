"""The table of introductions: what is decided says so, parts of names are found, nobody sells their own."""

import django.contrib.postgres.indexes
import django.db.models.functions.text
import pgtrigger.compiler
import pgtrigger.migrations
from django.conf import settings
from django.db import migrations, models

# A use case is decided when it was closed, or its deal was won or lost; from now on the triggers below say so.
DECIDED = """
    UPDATE referrals_usecase u SET is_decided = true
     WHERE u.outcome <> '' OR EXISTS (
        SELECT 1 FROM referrals_deal d WHERE d.use_case_id = u.id AND d.stage IN ('won', 'lost'))
"""


class Migration(migrations.Migration):
    dependencies = [
        ("partners", "0012_partner_name_search"),
        ("referrals", "0008_people"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name="usecase",
            name="is_decided",
            field=models.BooleanField(db_default=False, default=False, editable=False),
        ),
        migrations.RunSQL(DECIDED, migrations.RunSQL.noop),
        migrations.AddIndex(
            model_name="company",
            index=django.contrib.postgres.indexes.GinIndex(
                django.contrib.postgres.indexes.OpClass(
                    django.db.models.functions.text.Upper("name"), name="gin_trgm_ops"
                ),
                django.contrib.postgres.indexes.OpClass(models.F("key"), name="gin_trgm_ops"),
                name="company_by_name_part",
            ),
        ),
        migrations.AddIndex(
            model_name="referral",
            index=django.contrib.postgres.indexes.GinIndex(
                django.contrib.postgres.indexes.OpClass(
                    django.db.models.functions.text.Upper("first_name"), name="gin_trgm_ops"
                ),
                django.contrib.postgres.indexes.OpClass(
                    django.db.models.functions.text.Upper("last_name"), name="gin_trgm_ops"
                ),
                name="referral_by_name_part",
            ),
        ),
        migrations.AddIndex(
            model_name="referral",
            index=models.Index(
                condition=models.Q(("claim_ended_at__isnull", True), ("vested_at__isnull", True)),
                fields=["claim_last_on", "id"],
                name="referral_claims_by_end",
            ),
        ),
        migrations.AddIndex(
            model_name="usecase",
            index=models.Index(
                condition=models.Q(("is_decided", False), ("window_ends_on__isnull", False)),
                fields=["window_ends_on", "referral", "id"],
                name="use_case_undecided_by_end",
            ),
        ),
        migrations.AddIndex(
            model_name="usecase",
            index=django.contrib.postgres.indexes.GinIndex(
                django.contrib.postgres.indexes.OpClass(
                    django.db.models.functions.text.Upper("title"), name="gin_trgm_ops"
                ),
                name="use_case_by_title_part",
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="deal",
            trigger=pgtrigger.compiler.Trigger(
                name="deal_decides_its_use_case",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="\n        UPDATE referrals_usecase SET is_decided = is_decided\n         WHERE id = NEW.use_case_id AND outcome = '' AND is_decided <> (NEW.stage IN ('won', 'lost'));\n        RETURN NULL;\n    ",
                    hash="5b5534e4b65aa9ab0ecc51730e43ebd529914ae0",
                    operation='INSERT OR UPDATE OF "stage", "use_case_id"',
                    pgid="pgtrigger_deal_decides_its_use_case_83291",
                    table="referrals_deal",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="referral",
            trigger=pgtrigger.compiler.Trigger(
                name="referral_seller_is_not_its_partner",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="\n        IF TG_OP = 'UPDATE' THEN  -- people's addresses change: what doesn't change isn't asked\n            IF (NEW.seller_id, NEW.partner_id) IS NOT DISTINCT FROM (OLD.seller_id, OLD.partner_id)\n            THEN RETURN NEW; END IF;\n        END IF;\n        IF NEW.seller_id IS NOT NULL AND EXISTS (\n            SELECT 1 FROM partners_partner p\n              JOIN core_user theirs ON theirs.id = p.user_id\n              JOIN core_user seller ON seller.id = NEW.seller_id\n            WHERE p.id = NEW.partner_id\n              AND (theirs.id = seller.id\n                   OR CASE WHEN lower(split_part(seller.email, '@', 2)) IN ('gmail.com', 'googlemail.com')\n                    THEN replace(regexp_replace(lower(split_part(seller.email, '@', 1)), '[+].*$', ''), '.', '') || '@gmail.com'\n                    ELSE regexp_replace(lower(split_part(seller.email, '@', 1)), '[+].*$', '') || '@' || lower(split_part(seller.email, '@', 2)) END IN (p.identity, CASE WHEN lower(split_part(theirs.email, '@', 2)) IN ('gmail.com', 'googlemail.com')\n                    THEN replace(regexp_replace(lower(split_part(theirs.email, '@', 1)), '[+].*$', ''), '.', '') || '@gmail.com'\n                    ELSE regexp_replace(lower(split_part(theirs.email, '@', 1)), '[+].*$', '') || '@' || lower(split_part(theirs.email, '@', 2)) END))\n        ) THEN RAISE EXCEPTION 'the seller is the partner' USING ERRCODE = 'check_violation', CONSTRAINT = 'referral_seller_is_not_its_partner';\n        END IF;\n        RETURN NEW;\n    ",
                    hash="e6df45b34fa5e303db5dd303bca5d904f8b179e3",
                    operation='INSERT OR UPDATE OF "seller_id", "partner_id"',
                    pgid="pgtrigger_referral_seller_is_not_its_partner_384ac",
                    table="referrals_referral",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="usecase",
            trigger=pgtrigger.compiler.Trigger(
                name="use_case_decided_with_its_deal",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="\n        NEW.is_decided := NEW.outcome <> '' OR EXISTS (\n            SELECT 1 FROM referrals_deal d WHERE d.use_case_id = NEW.id AND d.stage IN ('won', 'lost')\n        );\n        RETURN NEW;\n    ",
                    hash="adfc4782e7c5fb453d25fd88804e63ca054faad4",
                    operation="INSERT OR UPDATE",
                    pgid="pgtrigger_use_case_decided_with_its_deal_f9057",
                    table="referrals_usecase",
                    when="BEFORE",
                ),
            ),
        ),
    ]
