-- Jobs may have a name, for people; those of a schedule have the schedule's, and say which one it is.

alter table jobs
    add column name text check (length(name) between 1 and 100),
    add column schedule_id uuid references schedules on delete set null;
create index jobs_named on jobs (created_at desc) where name is not null;
create index jobs_of_schedule on jobs (schedule_id, created_at desc) where schedule_id is not null;

-- Why a slot went by without a job.

alter table schedules
    add column trouble text,
    add column updated_at timestamptz not null default now();

-- Whoever waits for the next slot is told when it may have changed.

create function announce_schedule() returns trigger language plpgsql as $$
begin
    perform pg_notify('ascension_schedules', '');
    return null;
end
$$;

create trigger schedules_added after insert on schedules for each row execute function announce_schedule();
create trigger schedules_moved after update on schedules for each row
    when (new.next_slot <> old.next_slot or new.paused <> old.paused) execute function announce_schedule();
