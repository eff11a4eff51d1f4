"""Second wall (salus.kernel.rows). A resource of FHIR is asked for by its own id: whose it is must be found out."""

from django.db import migrations

from salus.kernel.rows import Scope, found_in, person, row_security

TABLE = "shared_record_document"
PERSON = person("person_id")
BEFORE = "exists (select from shared_record_document where id = document_id)"
# Finding out whose a document is shows nothing of where its content lies.
CONTENT = f"exists (select from shared_record_document where id = document_id and {PERSON})"


class Migration(migrations.Migration):
    dependencies = [("shared_record", "0004_counted")]

    operations = [
        migrations.RunSQL(
            f"drop policy person_set on {TABLE}",
            [
                f"alter table {TABLE} enable row level security",
                f"alter table {TABLE} force row level security",
                f"create policy person_set on {TABLE} using ({PERSON})",
            ],
        ),
        row_security(TABLE, shown=f"{PERSON} or {found_in(Scope.RECORDS)}", written=PERSON),
        migrations.RunSQL(
            f"alter policy person_set on shared_record_documentcontent using ({CONTENT})",
            f"alter policy person_set on shared_record_documentcontent using ({BEFORE})",
        ),
    ]
