-- What each database role may do, table by table; applied after every migration, safe to repeat.
-- A table without a line here is out of reach for everyone but its owner (a test finds it).
-- app serves; loader writes simulated and restored rows; reporter counts: no names, no content;
-- sequencer reads events into the log.

revoke all on all tables in schema public from public, app, loader, reporter, sequencer;
revoke all on all sequences in schema public from public, app, loader, reporter, sequencer;
revoke all on all functions in schema public from public, app, loader, reporter, sequencer;
grant usage on schema public to app, loader, reporter, sequencer;
grant usage, select on all sequences in schema public to app;
grant usage, select, update on all sequences in schema public to loader;

-- Sign-in, sessions, second factors
grant select, insert, update, delete on accounts_account, account_emailaddress, account_emailconfirmation,
    mfa_authenticator, django_session to app;
grant select on django_migrations, django_content_type, auth_permission, auth_group, auth_group_permissions to app;

-- Software: what it was granted, and what of that was used or taken back; forgotten when it would have expired
grant select, insert on access_identifierdomain to app;
grant select, insert, update on accounts_client, accounts_subscription, access_clientorganization, access_clientrequest,
    access_appauthorization to app;
grant select, insert, update, delete on accounts_authorizationcode, accounts_refreshtoken to app;
grant select, insert, delete on accounts_usedassertion, accounts_revokedtoken to app;

-- Domains
grant select, insert, update on mpi_person, mpi_personidentifier, mpi_residence, mpi_link, mpi_pair, mpi_receipt,
    directory_organization, directory_practitioner, directory_practitionerrole, directory_licence, directory_location,
    directory_healthcareservice, directory_endpoint, directory_source, directory_changeset, directory_changeline,
    access_accountperson, access_accountpractitioner, access_trustedprofessional, access_assistant,
    shared_record_record, shared_record_closure, shared_record_document,
    vaccination_vaccinationrecord, vaccination_immunization, vaccination_transferconsent,
    eligibility_affiliation, eligibility_delivery, eligibility_caller, eligibility_usage,
    eligibility_administrator, eligibility_lookup, eligibility_proofuse, eligibility_watchedperson, eligibility_finding,
    secure_mail_mailidentity, file_share_shareuser to app;
grant select, insert on eligibility_notice to app;
grant select, insert, update, delete on eligibility_waitingperiod to app; -- until the person is there
grant select, insert, delete on eligibility_keptanswer to app; -- forgotten after a time, as audit_answeredrequest
grant update (pack, position, wrapped_key) on shared_record_documentcontent to app; -- sealed anew for another person
grant select, insert on shared_record_documentcontent, mpi_personversion, mpi_formername, mpi_namekey,
    mpi_learnedmodel, directory_statement, directory_wordkey to app;
grant select, insert, delete on directory_listing, directory_nameword to app; -- follow from the entries
grant select, insert, delete on directory_announcement to app; -- until all have heard who are told

-- What a register delivers is put into a table of the transaction's own and compared there, a million lines at once
do $$ begin execute format('grant temporary on database %I to app', current_database()); end $$;

-- Events are never changed or deleted; their place in the log (id, xid, salt) is the database's to give
grant select, insert (at, kind, agent, account_id, practitioner_id, organization_id, system, person_id, persons,
    document_id, denied, repeated, request_id, client_id, purpose) on audit_event to app;
grant select, insert, delete on audit_answeredrequest to app; -- forgotten after a time: config/housekeeping.py

-- Counted months are kept as they were published
grant select on activity_report_archivededition to app;
grant select, insert on activity_report_archivededition to reporter;
-- Roll-ups follow the rows for as long as these are there; they withhold no small count, so the site never sees them
grant select, insert, update on activity_report_rollup to reporter;

-- The loader fills an empty database and keeps its own list of finished blocks
grant select, insert, maintain on all tables in schema public to loader; -- maintain: analyze
revoke insert on audit_tile, audit_head, audit_pruning from loader;
grant update, delete on simulation_nation, simulation_block to loader;
grant select on simulation_setaside to app, reporter, sequencer; -- whether the tables are whole

-- Work in the background is app's alone, the functions are Procrastinate's and act with their caller's rights
revoke all on procrastinate_jobs, procrastinate_events, procrastinate_periodic_defers, procrastinate_workers from loader;
revoke all on sequence procrastinate_jobs_id_seq, procrastinate_events_id_seq, procrastinate_periodic_defers_id_seq,
    procrastinate_workers_id_seq from loader;
grant select, insert, update, delete on procrastinate_jobs, procrastinate_periodic_defers, procrastinate_workers to app;
grant select, insert on procrastinate_events to app;
grant execute on all functions in schema public to app;

-- The log: only its last tiles grow, heads are added
grant select on audit_tile, audit_head, audit_pruning to app;
grant select on django_migrations, audit_event, audit_tile, audit_head, audit_pruning to sequencer;
grant insert, update (hashes, xid, id, ids) on audit_tile to sequencer;
grant insert on audit_head to sequencer;

-- The reporter sees what figures need
grant select on django_migrations, simulation_nation to reporter;
grant select (id, kind, activated_at, deleted_at) on accounts_account to reporter;
grant select (id, birth_date, deceased_on) on mpi_person to reporter;
grant select (person_id, country, since, until) on mpi_residence to reporter;
grant select (id, made_by, made_at, ended_at, previous_id) on mpi_link to reporter;
grant select (id, registered_at, deregistered_at) on directory_practitioner to reporter;
grant select on access_accountpractitioner, access_trustedprofessional, access_assistant, shared_record_record, shared_record_closure,
    vaccination_vaccinationrecord, vaccination_transferconsent to reporter;
grant select (id, person_id, filed_at, ended_at, ended_reason) on shared_record_document to reporter;
grant select (id, record_id, act_type, recorded_at, entered_in_error_at) on vaccination_immunization to reporter;
grant select (id, since, until) on secure_mail_mailidentity, file_share_shareuser to reporter;
grant select (at, kind, agent, denied, repeated) on audit_event to reporter;

-- A partition is not under its parent's policies when it is queried by its own name: nobody has a right to
-- that, and without a policy of its own it shows nothing to whom one would be given by mistake.
do $$
declare part regclass;
begin
    for part in select oid from pg_class where relispartition and relkind = 'r' and not relforcerowsecurity
        and relnamespace = 'public'::regnamespace
    loop
        execute format('alter table %s enable row level security, force row level security', part);
    end loop;
end $$;
