"""A notice whose matter is settled asks for nothing any more."""

from pathlib import Path

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0004_tell_people"),
    ]

    operations = [
        migrations.RemoveIndex(
            model_name="notice",
            name="accounts_notice_unread",
        ),
        migrations.AddField(
            model_name="notice",
            name="settled_at",
            field=models.DateTimeField(blank=True, null=True, verbose_name="settled"),
        ),
        migrations.AddIndex(
            model_name="notice",
            index=models.Index(
                condition=models.Q(("read_at__isnull", True), ("settled_at__isnull", True)),
                fields=["person", "-id"],
                name="accounts_notice_unread",
            ),
        ),
        migrations.RunSQL(
            (Path(__file__).parent.parent / "sql/notice_v1.sql").read_text(), migrations.RunSQL.noop
        ),
    ]
