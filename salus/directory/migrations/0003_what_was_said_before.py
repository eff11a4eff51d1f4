"""Entries that were registered before statements were kept: what their rows say becomes a statement of its own."""

from django.db import migrations

SAID_BEFORE = """
    insert into directory_source (name, title, system, created_at)
    select 'before', 'What was registered before statements were kept', '', now()
    where exists (select from directory_practitioner) or exists (select from directory_organization);

    insert into directory_changeset (source_id, how, complete, file_name, digest, received_at, applied_at, reason)
    select id, 'file', false, '', '', created_at, created_at, '' from directory_source where name = 'before';

    create temporary table said_before on commit drop as
    select 'Organization' as kind, id as entry, registered_at as known_at, null::date as since, null::date as until,
        jsonb_build_object('name', name, 'type', type, 'country', nullif(country, ''),
            'postal_code', nullif(postal_code, ''), 'municipality', nullif(municipality, ''),
            'line', nullif(line, ''), 'telephone', nullif(telephone, ''), 'status', 'active',
            'identifier', jsonb_build_object('system', system, 'value', value)) as said
    from directory_organization
    union all
    select 'Practitioner', id, registered_at, null, null,
        jsonb_build_object('prefix', nullif(prefix, ''), 'family', family, 'given', given,
            'gender', nullif(gender, ''), 'profession', profession, 'status', 'active',
            'identifier', jsonb_build_object('system', system, 'value', value))
    from directory_practitioner
    union all
    select 'PractitionerRole', id, registered_at, since, until,
        jsonb_build_object('practitioner', practitioner_id, 'organization', organization_id, 'status', 'active',
            'identifier', jsonb_build_object('system', system, 'value', value))
    from directory_practitionerrole where until is null or until > since
    union all
    select 'Organization', id, deregistered_at, deregistered_at::date, null, '{"status": "ended"}'::jsonb
    from directory_organization where deregistered_at is not null
    union all
    select 'Practitioner', id, deregistered_at, deregistered_at::date, null, '{"status": "ended"}'::jsonb
    from directory_practitioner where deregistered_at is not null;

    insert into directory_statement (kind, entry, said, again, since, until, known_at, change_set_id)
    select kind, entry, jsonb_strip_nulls(said), '{}', since, until, known_at, change_set.id
    from said_before, directory_changeset change_set
    where change_set.source_id = (select id from directory_source where name = 'before')
    order by known_at, kind, entry;

    update directory_practitioner
    set status = 'ended', out_since = deregistered_at::date where deregistered_at is not null;
"""


class Migration(migrations.Migration):
    dependencies = [("directory", "0002_what_entries_have")]

    operations = [migrations.RunSQL(SAID_BEFORE, migrations.RunSQL.noop)]
