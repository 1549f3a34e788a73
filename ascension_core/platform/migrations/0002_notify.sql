-- Whoever waits for work, or follows a job, is told when the transaction commits.

create function announce_job() returns trigger language plpgsql as $$
begin
    perform pg_notify('ascension_work', new.kind);
    return null;
end
$$;

create trigger jobs_submitted after insert on jobs for each row execute function announce_job();
create trigger jobs_requeued after update on jobs for each row
    when (new.status = 'queued' and (old.status <> 'queued' or old.not_before <> new.not_before)) execute function announce_job();

create function announce_event() returns trigger language plpgsql as $$
begin
    perform pg_notify('ascension_job_' || replace(new.job_id::text, '-', ''), new.id::text);
    return null;
end
$$;

create trigger events_written after insert on job_events for each row execute function announce_event();
