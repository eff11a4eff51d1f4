"""What a restored installation is held against before anything may serve it."""

import json
from dataclasses import asdict
from pathlib import Path

import psycopg

from config.doctor import changed_editions
from salus.kernel import postgres
from salus.kernel.backup_folder import BackupDamaged, Manifest
from salus.shared_record.store import TAG, ContentDamaged, ContentStore, StoredContent

SAMPLE = 1000  # documents that are opened unless all are
FIND_IT = "bring it from another copy of the backup folder, and run the restore again"


def check_contents(data: Path, *, check_all: bool) -> tuple[int, int]:
    """Every row's bytes are there, and contents open with their hash; returns how many were opened, of how many."""
    store, opened = ContentStore(data), 0
    with psycopg.connect(**asdict(postgres.login(data, "loader"))) as connection:
        for pack, end in connection.execute(_ENDS).fetchall():
            path = data / "documents" / f"{pack:06}.pack"
            if not path.exists() or path.stat().st_size < end + TAG:
                raise BackupDamaged(
                    f"rows point to bytes that {path.name} of the backup does not have: {FIND_IT}"
                )
        total = connection.execute("select count(*) from shared_record_documentcontent").fetchone()
        with connection.cursor("contents") as rows:
            rows.execute(_ALL if check_all else _SOME, {"sample": SAMPLE})
            for document, person, pack, position, size, sha256, wrapped_key in rows:
                stored = StoredContent(
                    pack=pack, position=position, size=size, sha256=sha256, wrapped_key=wrapped_key
                )
                try:
                    store.open(document=document, person=person, stored=stored)
                except ContentDamaged as error:
                    raise BackupDamaged(f"{error}: {FIND_IT}") from error
                opened += 1
    return opened, total[0] if total else 0


_ENDS = "select pack, max(position + size) from shared_record_documentcontent group by pack"
_ALL = """
    select document_id, person_id, pack, position, size, sha256, wrapped_key
    from shared_record_documentcontent join shared_record_document on id = document_id
"""
# The newest, where a copy is most likely to end too early, and others by chance.
_SOME = f"""
    ({_ALL} order by document_id desc limit %(sample)s / 2)
    union ({_ALL} order by random() limit %(sample)s / 2)
"""


def check_rest(data: Path, manifest: Manifest) -> None:
    """The published editions have their files, and the event log still has the head that was noted."""
    if changed := changed_editions(data):
        raise BackupDamaged(f"the published file {changed[0]} is missing or damaged: {FIND_IT}")
    if manifest.tree_head is None:
        return
    with psycopg.connect(**asdict(postgres.login(data, "superuser"))) as connection:
        head = connection.execute(
            "select from audit_head where to_jsonb(audit_head) = %s::jsonb",
            [json.dumps(manifest.tree_head)],
        ).fetchone()
    if head is None:
        raise BackupDamaged(
            "the event log lacks the signed head that the backup noted: this database is not the one that "
            "was backed up; try the backup before it"
        )
