import django.db.models.deletion
import pgtrigger.compiler
import pgtrigger.migrations
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("commissions", "0010_own_money"),
        ("partners", "0012_partner_name_search"),
        ("referrals", "0013_order_by_name"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Opening",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("as_of", models.DateField()),
                ("cap_starts_on", models.DateField(blank=True, null=True)),
                ("recurring_before", models.PositiveSmallIntegerField(default=0)),
                ("first_taken", models.BooleanField()),
                ("recorded_at", models.DateTimeField()),
                ("undone_at", models.DateTimeField(blank=True, null=True)),
            ],
            options={
                "verbose_name": "opening balance",
                "verbose_name_plural": "opening balances",
            },
        ),
        migrations.CreateModel(
            name="OpeningImport",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("file_name", models.CharField(max_length=200)),
                ("sha256", models.CharField(max_length=64)),
                ("content", models.BinaryField()),
                ("mapping", models.JSONField(default=dict)),
                ("uploaded_at", models.DateTimeField()),
                ("committed_at", models.DateTimeField(blank=True, null=True)),
                ("report", models.JSONField(default=list)),
            ],
            options={
                "verbose_name": "file of opening balances",
                "verbose_name_plural": "files of opening balances",
            },
        ),
        pgtrigger.migrations.RemoveTrigger(
            model_name="commission",
            name="commission_by_the_programme",
        ),
        migrations.AlterField(
            model_name="commission",
            name="fact",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="commissions",
                to="commissions.fact",
            ),
        ),
        migrations.AlterField(
            model_name="commission",
            name="invoice",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="commissions",
                to="commissions.invoice",
            ),
        ),
        migrations.AlterField(
            model_name="commission",
            name="kind",
            field=models.CharField(
                choices=[
                    ("recurring", "Recurring revenue"),
                    ("first_invoice", "First invoice"),
                    ("bonus", "Bonus for a recruit's sale"),
                    ("opening", "Opening balance"),
                ],
                max_length=14,
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="commission",
            trigger=pgtrigger.compiler.Trigger(
                name="commission_by_the_programme",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition="WHEN (NEW.kind <> 'opening')",
                    declare="DECLARE bill record; deal record; fact record; source record; before numeric; unrounded numeric; half numeric;",
                    func="\n        -- The row lock makes two writers of one invoice wait for each other, so that sums are read whole.\n        SELECT i.* INTO bill FROM commissions_invoice i WHERE i.id = NEW.invoice_id FOR NO KEY UPDATE;\n        SELECT d.stage, d.signed_on, u.id AS use_case_id, u.outcome, u.window_starts_on, u.window_ends_on,\n               p.id AS partner_id, p.recruiter_id, p.bonus_slot\n          INTO deal\n          FROM referrals_deal d JOIN referrals_usecase u ON u.id = d.use_case_id\n          JOIN partners_partner p ON p.id = u.partner_id\n         WHERE d.id = bill.deal_id;\n        IF NOT FOUND OR deal.use_case_id <> NEW.use_case_id THEN\n            RAISE EXCEPTION 'the invoice belongs to another use case' USING ERRCODE = 'check_violation', CONSTRAINT = 'commission_by_the_programme';\n        END IF;\n        SELECT f.kind, f.happened_on, i.deal_id INTO fact\n          FROM commissions_fact f JOIN commissions_invoice i ON i.id = f.invoice_id WHERE f.id = NEW.fact_id;\n        IF fact.deal_id IS DISTINCT FROM bill.deal_id OR fact.happened_on <> NEW.earned_on THEN\n            RAISE EXCEPTION 'the fact is of another deal or another day' USING ERRCODE = 'check_violation', CONSTRAINT = 'commission_by_the_programme';\n        END IF;\n        IF NEW.currency <> bill.currency THEN RAISE EXCEPTION 'currencies are never mixed' USING ERRCODE = 'check_violation', CONSTRAINT = 'commission_by_the_programme'; END IF;\n        IF NOT EXISTS (SELECT 1 FROM partners_contract c WHERE c.id = NEW.contract_id\n                       AND c.partner_id = NEW.partner_id AND c.status = 'signed') THEN\n            RAISE EXCEPTION 'the contract is another partner''s or not signed' USING ERRCODE = 'check_violation', CONSTRAINT = 'commission_by_the_programme';\n        END IF;\n\n        IF NEW.kind = 'bonus' THEN\n            IF NEW.partner_id IS DISTINCT FROM deal.recruiter_id OR deal.bonus_slot IS NULL THEN\n                RAISE EXCEPTION 'a bonus goes to the recruit''s recruiter, for a recruit with a slot' USING ERRCODE = 'check_violation', CONSTRAINT = 'commission_by_the_programme';\n            END IF;\n            IF NEW.source_entry_id IS NOT NULL THEN\n                SELECT c.kind, c.fact_id, c.invoice_id INTO source\n                  FROM commissions_commission c WHERE c.id = NEW.source_entry_id;\n                IF source.kind = 'bonus' OR source.fact_id <> NEW.fact_id\n                   OR source.invoice_id <> NEW.invoice_id THEN\n                    RAISE EXCEPTION 'a bonus never comes from a bonus, and shares its source''s fact' USING ERRCODE = 'check_violation', CONSTRAINT = 'commission_by_the_programme';\n                END IF;\n            ELSIF EXISTS (SELECT 1 FROM partners_contract c\n                          WHERE c.id = NEW.contract_id AND c.bonus_basis = 'commission') THEN\n                RAISE EXCEPTION 'a bonus on commissions has a source' USING ERRCODE = 'check_violation', CONSTRAINT = 'commission_by_the_programme';\n            END IF;\n        ELSE\n            IF NEW.partner_id <> deal.partner_id THEN\n                RAISE EXCEPTION 'the use case is another partner''s' USING ERRCODE = 'check_violation', CONSTRAINT = 'commission_by_the_programme';\n            END IF;\n            IF EXISTS (SELECT 1 FROM commissions_commission c WHERE c.use_case_id = NEW.use_case_id\n                       AND c.kind NOT IN (NEW.kind, 'bonus', 'opening')) THEN\n                RAISE EXCEPTION 'one use case pays by one model' USING ERRCODE = 'check_violation', CONSTRAINT = 'commission_by_the_programme';\n            END IF;\n        END IF;\n\n        IF NEW.amount > 0 THEN\n            IF deal.stage <> 'won' OR deal.window_starts_on IS NULL\n               OR deal.signed_on NOT BETWEEN deal.window_starts_on AND deal.window_ends_on THEN\n                RAISE EXCEPTION 'the deal was not signed within its window' USING ERRCODE = 'check_violation', CONSTRAINT = 'commission_by_the_programme';\n            END IF;\n            IF deal.outcome = 'reseller' THEN RAISE EXCEPTION 'the use case was closed as reseller' USING ERRCODE = 'check_violation', CONSTRAINT = 'commission_by_the_programme'; END IF;\n            -- What was refunded since is an entry of its own: facts that came together are written in turn.\n            IF NOT EXISTS (SELECT 1 FROM commissions_fact f WHERE f.invoice_id = NEW.invoice_id\n                           AND f.kind = 'payment' AND f.gross > 0) THEN\n                RAISE EXCEPTION 'nothing was paid' USING ERRCODE = 'check_violation', CONSTRAINT = 'commission_by_the_programme';\n            END IF;\n        END IF;\n\n        SELECT coalesce(sum(c.amount), 0) INTO before FROM commissions_commission c\n         WHERE c.invoice_id = NEW.invoice_id AND c.kind = NEW.kind;\n        IF before + NEW.amount < 0 THEN RAISE EXCEPTION 'a sum never falls below zero' USING ERRCODE = 'check_violation', CONSTRAINT = 'commission_by_the_programme'; END IF;\n        IF before + NEW.amount <> NEW.due THEN\n            RAISE EXCEPTION 'an entry is due less what was written' USING ERRCODE = 'check_violation', CONSTRAINT = 'commission_by_the_programme';\n        END IF;\n        half := CASE WHEN bill.currency IN ('BIF','CLP','DJF','GNF','ISK','JPY','KMF','KRW','PYG','RWF','UGX','UYI','VND','VUV','XAF','XOF','XPF') THEN 0.5\n                     WHEN bill.currency IN ('BHD','IQD','JOD','KWD','LYD','OMR','TND') THEN 0.0005 ELSE 0.005 END;\n        unrounded := CASE WHEN NEW.paid_denominator = 0 THEN 0 ELSE\n            NEW.rate_percent / 100 * NEW.eligible_net\n            * least(1, NEW.paid_numerator / NEW.paid_denominator) END;\n        IF abs(NEW.due - unrounded) > half + 0.00001\n           OR (NEW.kind <> 'bonus' AND NEW.eligible_net > bill.net) THEN\n            RAISE EXCEPTION 'more or less than the formula' USING ERRCODE = 'check_violation', CONSTRAINT = 'commission_by_the_programme';\n        END IF;\n        RETURN NEW;\n    ",
                    hash="87e5da2b6c038ba8849c158dbfb4900578266575",
                    operation="INSERT",
                    pgid="pgtrigger_commission_by_the_programme_f36ca",
                    table="commissions_commission",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="commission",
            trigger=pgtrigger.compiler.Trigger(
                name="commission_by_its_opening",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition="WHEN (NEW.kind = 'opening')",
                    declare="DECLARE of_it record; before numeric;",
                    func="\n        SELECT s.currency, s.earned - s.paid AS open, o.as_of, o.contract_id, o.undone_at, d.use_case_id,\n               u.partner_id\n          INTO of_it\n          FROM commissions_openingsum s JOIN commissions_opening o ON o.id = s.opening_id\n          JOIN referrals_deal d ON d.id = o.deal_id JOIN referrals_usecase u ON u.id = d.use_case_id\n         WHERE s.id = NEW.opening_id FOR NO KEY UPDATE OF s;\n        IF NOT FOUND OR (NEW.currency, NEW.earned_on, NEW.contract_id, NEW.use_case_id, NEW.partner_id)\n           IS DISTINCT FROM\n           (of_it.currency, of_it.as_of, of_it.contract_id, of_it.use_case_id, of_it.partner_id) THEN\n            RAISE EXCEPTION 'it says something else than its opening' USING ERRCODE = 'check_violation', CONSTRAINT = 'commission_by_its_opening';\n        END IF;\n        SELECT coalesce(sum(c.amount), 0) INTO before\n          FROM commissions_commission c WHERE c.opening_id = NEW.opening_id;\n        IF NEW.due <> (CASE WHEN of_it.undone_at IS NULL THEN of_it.open ELSE 0 END)\n           OR before + NEW.amount <> NEW.due THEN\n            RAISE EXCEPTION 'exactly what is open, once' USING ERRCODE = 'check_violation', CONSTRAINT = 'commission_by_its_opening';\n        END IF;\n        IF NEW.payable_on < (CASE WHEN NEW.amount > 0 THEN NEW.earned_on + 30 ELSE NEW.earned_on END) THEN\n            RAISE EXCEPTION 'it is held for 30 days, as any other' USING ERRCODE = 'check_violation', CONSTRAINT = 'commission_by_its_opening';\n        END IF;\n        RETURN NEW;\n    ",
                    hash="2ba70a4d08ae16f6acbd29348e4cbf17a15bda4f",
                    operation="INSERT",
                    pgid="pgtrigger_commission_by_its_opening_7ccd0",
                    table="commissions_commission",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="electionchange",
            trigger=pgtrigger.compiler.Trigger(
                name="election_change_before_an_opening",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="\n        PERFORM 1 FROM referrals_deal d WHERE d.use_case_id = NEW.use_case_id FOR NO KEY UPDATE;\n        IF EXISTS (SELECT 1 FROM commissions_opening o JOIN referrals_deal d ON d.id = o.deal_id\n                    WHERE d.use_case_id = NEW.use_case_id AND o.undone_at IS NULL) THEN\n            RAISE EXCEPTION 'it earned before by its model' USING ERRCODE = 'check_violation', CONSTRAINT = 'election_change_before_an_opening';\n        END IF;\n        RETURN NEW;\n    ",
                    hash="928fc8cbf7821e2667f5c4fc2529f38c7c1b85ce",
                    operation="INSERT",
                    pgid="pgtrigger_election_change_before_an_opening_649cf",
                    table="commissions_electionchange",
                    when="BEFORE",
                ),
            ),
        ),
        migrations.AddField(
            model_name="opening",
            name="contract",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="+", to="partners.contract"
            ),
        ),
        migrations.AddField(
            model_name="opening",
            name="deal",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="openings", to="referrals.deal"
            ),
        ),
        migrations.AddField(
            model_name="opening",
            name="undone_by",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="openingimport",
            name="committed_by",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="openingimport",
            name="uploaded_by",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="opening",
            name="opening_import",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="openings",
                to="commissions.openingimport",
            ),
        ),
        migrations.CreateModel(
            name="OpeningSum",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("currency", models.CharField(max_length=3)),
                ("earned", models.DecimalField(decimal_places=3, max_digits=14)),
                ("paid", models.DecimalField(decimal_places=3, max_digits=14)),
                (
                    "opening",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="sums",
                        to="commissions.opening",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=("opening", "currency"), name="opening_sum_once_per_currency"
                    )
                ],
            },
        ),
        migrations.AddField(
            model_name="commission",
            name="opening",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="entries",
                to="commissions.openingsum",
            ),
        ),
        migrations.AddConstraint(
            model_name="commission",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("fact__isnull", True),
                        ("invoice__isnull", True),
                        ("kind", "opening"),
                        ("opening__isnull", False),
                    ),
                    models.Q(
                        models.Q(("kind", "opening"), _negated=True),
                        ("fact__isnull", False),
                        ("invoice__isnull", False),
                        ("opening__isnull", True),
                    ),
                    _connector="OR",
                ),
                name="commission_by_fact_or_opening",
            ),
        ),
        migrations.AddConstraint(
            model_name="openingimport",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("committed_at__isnull", True),
                    models.Q(
                        ("committed_by__isnull", False),
                        ("uploaded_by__isnull", False),
                        models.Q(("committed_by", models.F("uploaded_by")), _negated=True),
                    ),
                    _connector="OR",
                ),
                name="opening_import_by_two_people",
            ),
        ),
        migrations.AddConstraint(
            model_name="openingimport",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("committed_at__isnull", True), ("committed_by__isnull", True)),
                    models.Q(("committed_at__isnull", False), ("committed_by__isnull", False)),
                    _connector="OR",
                ),
                name="opening_import_approved_by_somebody",
            ),
        ),
        migrations.AddConstraint(
            model_name="openingimport",
            constraint=models.CheckConstraint(
                condition=models.Q(("committed_at__isnull", True), ("content", b""), _connector="OR"),
                name="opening_import_keeps_no_rows",
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="openingimport",
            trigger=pgtrigger.compiler.Trigger(
                name="opening_import_stays_approved",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="\n        IF OLD.committed_at IS NOT NULL THEN\n            RAISE EXCEPTION 'what was approved is never changed' USING ERRCODE = 'check_violation', CONSTRAINT = 'opening_import_stays_approved';\n        END IF;\n        IF TG_OP = 'DELETE' THEN RETURN OLD; END IF;\n        IF (NEW.uploaded_by_id, NEW.uploaded_at, NEW.sha256)\n           IS DISTINCT FROM (OLD.uploaded_by_id, OLD.uploaded_at, OLD.sha256) THEN\n            RAISE EXCEPTION 'who handed a file in stays who did' USING ERRCODE = 'check_violation', CONSTRAINT = 'opening_import_stays_approved';\n        END IF;\n        RETURN NEW;\n    ",
                    hash="c408c52bb295f7d18e0d135f23be2a3b037898ef",
                    operation="UPDATE OR DELETE",
                    pgid="pgtrigger_opening_import_stays_approved_2f736",
                    table="commissions_openingimport",
                    when="BEFORE",
                ),
            ),
        ),
        migrations.AddConstraint(
            model_name="opening",
            constraint=models.UniqueConstraint(
                condition=models.Q(("undone_at__isnull", True)),
                fields=("deal",),
                name="opening_once_per_deal",
            ),
        ),
        migrations.AddConstraint(
            model_name="opening",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("undone_at__isnull", True), ("undone_by__isnull", True)),
                    models.Q(("undone_at__isnull", False), ("undone_by__isnull", False)),
                    _connector="OR",
                ),
                name="opening_undone_by_somebody",
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="opening",
            trigger=pgtrigger.compiler.Trigger(
                name="opening_by_two_people",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    declare="DECLARE of_it record;",
                    func="\n        PERFORM 1 FROM referrals_deal d WHERE d.id = NEW.deal_id FOR NO KEY UPDATE;\n        IF NOT EXISTS (SELECT 1 FROM commissions_openingimport i WHERE i.id = NEW.opening_import_id\n                          AND i.committed_by_id <> i.uploaded_by_id) THEN\n            RAISE EXCEPTION 'somebody other than who handed it in approves it' USING ERRCODE = 'check_violation', CONSTRAINT = 'opening_by_two_people';\n        END IF;\n        IF NEW.undone_at IS NOT NULL THEN\n            RAISE EXCEPTION 'what is taken back was there before' USING ERRCODE = 'check_violation', CONSTRAINT = 'opening_by_two_people';\n        END IF;\n        SELECT u.id AS use_case, u.partner_id AS partner, u.outcome, d.stage,\n               coalesce(d.signed_on BETWEEN u.window_starts_on AND u.window_ends_on, false) AS in_time\n          INTO of_it FROM referrals_deal d JOIN referrals_usecase u ON u.id = d.use_case_id\n         WHERE d.id = NEW.deal_id;\n        IF of_it.stage <> 'won' OR NOT of_it.in_time OR of_it.outcome <> '' THEN\n            RAISE EXCEPTION 'the deal pays nothing' USING ERRCODE = 'check_violation', CONSTRAINT = 'opening_by_two_people';\n        END IF;\n        IF NOT EXISTS (SELECT 1 FROM partners_contract c WHERE c.id = NEW.contract_id\n                          AND c.partner_id = of_it.partner AND c.status = 'signed') THEN\n            RAISE EXCEPTION 'the contract is another partner''s or not signed' USING ERRCODE = 'check_violation', CONSTRAINT = 'opening_by_two_people';\n        END IF;\n        IF EXISTS (SELECT 1 FROM commissions_commission c\n                    WHERE c.use_case_id = of_it.use_case AND c.kind <> 'opening') THEN\n            RAISE EXCEPTION 'the deal has earned here already' USING ERRCODE = 'check_violation', CONSTRAINT = 'opening_by_two_people';\n        END IF;\n        RETURN NEW;\n    ",
                    hash="0c6c21131ff9050e9681a54b83b3e03ecd480639",
                    operation="INSERT",
                    pgid="pgtrigger_opening_by_two_people_8d037",
                    table="commissions_opening",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="opening",
            trigger=pgtrigger.compiler.Trigger(
                name="opening_stays",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="\n        IF OLD.undone_at IS NOT NULL\n           OR to_jsonb(NEW) - 'undone_at' - 'undone_by_id' IS DISTINCT FROM\n              to_jsonb(OLD) - 'undone_at' - 'undone_by_id' THEN\n            RAISE EXCEPTION 'an opening is never changed, and taken back once' USING ERRCODE = 'check_violation', CONSTRAINT = 'opening_stays';\n        END IF;\n        IF NEW.undone_at IS NOT NULL THEN\n            PERFORM 1 FROM referrals_deal d WHERE d.id = NEW.deal_id FOR NO KEY UPDATE;\n            PERFORM 1 FROM commissions_commission c JOIN commissions_openingsum s ON s.id = c.opening_id\n              WHERE s.opening_id = NEW.id FOR UPDATE OF c;\n            IF EXISTS (\n                SELECT 1 FROM commissions_payoutentry e\n                  JOIN commissions_commission c ON c.id = e.commission_id\n                  JOIN commissions_openingsum s ON s.id = c.opening_id\n                 WHERE s.opening_id = NEW.id AND e.released_at IS NULL) THEN\n                RAISE EXCEPTION 'its balance is in a payout' USING ERRCODE = 'check_violation', CONSTRAINT = 'opening_stays';\n            END IF;\n            IF EXISTS (SELECT 1 FROM commissions_commission c\n                         JOIN referrals_deal d ON d.use_case_id = c.use_case_id\n                        WHERE d.id = NEW.deal_id AND c.kind <> 'opening') THEN\n                RAISE EXCEPTION 'the deal has earned here since' USING ERRCODE = 'check_violation', CONSTRAINT = 'opening_stays';\n            END IF;\n        END IF;\n        RETURN NEW;\n    ",
                    hash="a8b87f46c689ba2689eaaf3024b6903fe35a64b2",
                    operation="UPDATE",
                    pgid="pgtrigger_opening_stays_ceee8",
                    table="commissions_opening",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="opening",
            trigger=pgtrigger.compiler.Trigger(
                name="opening_in_the_ledger",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    constraint="CONSTRAINT",
                    func="\n            IF EXISTS (\n                SELECT 1 FROM commissions_openingsum s JOIN commissions_opening o ON o.id = s.opening_id\n                 WHERE o.id = NEW.id AND CASE WHEN o.undone_at IS NULL THEN s.earned - s.paid ELSE 0 END <> (\n                       SELECT coalesce(sum(c.amount), 0) FROM commissions_commission c\n                        WHERE c.opening_id = s.id)\n            ) THEN RAISE EXCEPTION 'what is open becomes an entry, once' USING ERRCODE = 'check_violation', CONSTRAINT = 'opening_is_in_the_ledger';\n            END IF;\n            RETURN NULL;\n        ",
                    hash="d5eb90c4c919b3c8496de5a67899a283b36400ae",
                    operation="UPDATE",
                    pgid="pgtrigger_opening_in_the_ledger_cee64",
                    table="commissions_opening",
                    timing="DEFERRABLE INITIALLY DEFERRED",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="opening",
            trigger=pgtrigger.compiler.Trigger(
                name="opening_never_deleted",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot delete rows from % table', TG_TABLE_NAME;",
                    hash="cf1c2eb5819c1132678c488af5c2f65551ed65a6",
                    operation="DELETE",
                    pgid="pgtrigger_opening_never_deleted_70d03",
                    table="commissions_opening",
                    when="BEFORE",
                ),
            ),
        ),
        migrations.AddConstraint(
            model_name="openingsum",
            constraint=models.CheckConstraint(
                condition=models.Q(("earned__gte", models.F("paid")), ("paid__gte", 0)),
                name="opening_sum_earned_at_least_paid",
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="openingsum",
            trigger=pgtrigger.compiler.Trigger(
                name="opening_sum_append_only",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;",
                    hash="4ea038188a379d5d834bae24bf45c2b92130ff6b",
                    operation="UPDATE OR DELETE",
                    pgid="pgtrigger_opening_sum_append_only_bde18",
                    table="commissions_openingsum",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="openingsum",
            trigger=pgtrigger.compiler.Trigger(
                name="opening_sum_with_its_opening",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="\n        IF EXISTS (SELECT 1 FROM commissions_opening o\n                    WHERE o.id = NEW.opening_id AND o.undone_at IS NOT NULL)\n           OR EXISTS (SELECT 1 FROM commissions_commission c\n                        JOIN commissions_openingsum s ON s.id = c.opening_id\n                       WHERE s.opening_id = NEW.opening_id) THEN\n            RAISE EXCEPTION 'a sum comes with its opening' USING ERRCODE = 'check_violation', CONSTRAINT = 'opening_sum_with_its_opening';\n        END IF;\n        RETURN NEW;\n    ",
                    hash="97376ff7e338d55e34ce7ebbe8eba8b53787d734",
                    operation="INSERT",
                    pgid="pgtrigger_opening_sum_with_its_opening_96317",
                    table="commissions_openingsum",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="openingsum",
            trigger=pgtrigger.compiler.Trigger(
                name="opening_sum_in_the_ledger",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    constraint="CONSTRAINT",
                    func="\n            IF EXISTS (\n                SELECT 1 FROM commissions_openingsum s JOIN commissions_opening o ON o.id = s.opening_id\n                 WHERE s.id = NEW.id AND CASE WHEN o.undone_at IS NULL THEN s.earned - s.paid ELSE 0 END <> (\n                       SELECT coalesce(sum(c.amount), 0) FROM commissions_commission c\n                        WHERE c.opening_id = s.id)\n            ) THEN RAISE EXCEPTION 'what is open becomes an entry, once' USING ERRCODE = 'check_violation', CONSTRAINT = 'opening_is_in_the_ledger';\n            END IF;\n            RETURN NULL;\n        ",
                    hash="01b49b0a2c65f843e3f9b3c7facbf56e72bb9d7f",
                    operation="INSERT",
                    pgid="pgtrigger_opening_sum_in_the_ledger_59e9b",
                    table="commissions_openingsum",
                    timing="DEFERRABLE INITIALLY DEFERRED",
                    when="AFTER",
                ),
            ),
        ),
    ]
