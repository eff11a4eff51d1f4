"""Second wall (salus.kernel.rows). Content shows where its document does: a column with the person would cost
every document some 40 bytes, for the index that ties the two columns together."""

from django.db import migrations

from salus.kernel.rows import person, row_security

DOCUMENT = "exists (select from shared_record_document where id = document_id)"


class Migration(migrations.Migration):
    dependencies = [("shared_record", "0002_row_security")]

    operations = [
        row_security("shared_record_record", shown=person("person_id")),
        row_security("shared_record_closure", shown=person("record_id")),
        row_security("shared_record_documentcontent", shown=DOCUMENT),
    ]
