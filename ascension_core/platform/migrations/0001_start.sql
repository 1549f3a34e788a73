-- Who, and what they filmed. Everything that comes from an athlete goes when the athlete goes.

create table athletes (
    id          uuid primary key default gen_random_uuid(),
    name        text not null check (length(name) between 1 and 200),
    document    jsonb not null default '{}' check (jsonb_typeof(document) = 'object'),
    created_at  timestamptz not null default now(),
    updated_at  timestamptz not null default now()
);

create table videos (
    id            uuid primary key default gen_random_uuid(),
    athlete_id    uuid references athletes on delete cascade,
    object_key    text not null unique check (length(object_key) between 1 and 512),
    file_name     text not null check (length(file_name) between 1 and 255),
    content_type  text not null check (content_type like 'video/%'),
    bytes         bigint not null check (bytes > 0),
    sha256        text check (sha256 ~ '^[0-9a-f]{64}$'),
    status        text not null default 'expected' check (status in ('expected', 'stored')),
    created_at    timestamptz not null default now(),
    stored_at     timestamptz,
    check ((status = 'stored') = (stored_at is not null))
);
create index videos_of_athlete on videos (athlete_id);

-- Jobs: the row is the truth, a message in a queue only wakes a worker.

create table jobs (
    id               uuid primary key default gen_random_uuid(),
    kind             text not null check (kind ~ '^[a-z][a-z0-9_]{0,62}$'),
    parameters       jsonb not null default '{}' check (jsonb_typeof(parameters) = 'object'),
    idempotency_key  text unique check (length(idempotency_key) between 1 and 200),
    priority         smallint not null default 1 check (priority in (0, 1, 2)),  -- high, normal, low
    status           text not null default 'queued' check (status in ('queued', 'running', 'succeeded', 'failed', 'cancelled')),
    athlete_id       uuid references athletes on delete cascade,
    video_id         uuid references videos on delete cascade,
    rerun_of         uuid references jobs on delete set null,
    not_before       timestamptz not null default now(),
    deadline         timestamptz,
    created_at       timestamptz not null default now(),
    started_at       timestamptz,
    finished_at      timestamptz,
    announced_at     timestamptz,  -- when the broker confirmed the message that wakes a worker; null while one is owed
    attempts         integer not null default 0 check (attempts >= 0),
    max_attempts     integer not null default 5 check (max_attempts > 0),
    -- Who runs it, and until when that is believed. The token changes with each lease, so that a worker that lost its lease
    -- cannot write any more.
    worker           text,
    lease_token      uuid,
    lease_until      timestamptz,
    cancel_requested boolean not null default false,
    stage            text,
    fraction         double precision check (fraction between 0 and 1),
    message          text,
    result           jsonb,
    error            jsonb,
    mlflow_run       text,
    notebook_key     text,
    check ((status = 'running') = (lease_token is not null and lease_until is not null and worker is not null)),
    check ((status in ('succeeded', 'failed', 'cancelled')) = (finished_at is not null)),
    check ((status = 'succeeded') = (result is not null)),
    check (status <> 'failed' or error is not null),
    check (deadline is null or deadline > created_at)
);
create index jobs_of_athlete on jobs (athlete_id);
create index jobs_of_video on jobs (video_id);
create index jobs_by_age on jobs (created_at desc);
create index jobs_waiting on jobs (priority, not_before) where status = 'queued';
create index jobs_unannounced on jobs (not_before) where status = 'queued' and announced_at is null;
create index jobs_leased on jobs (lease_until) where status = 'running';
create index jobs_ended on jobs (finished_at) where finished_at is not null;

create table job_events (
    id          bigint generated always as identity primary key,
    job_id      uuid not null references jobs on delete cascade,
    at          timestamptz not null default now(),
    kind        text not null check (kind in
        ('submitted', 'started', 'progress', 'retry', 'lost', 'cancel', 'succeeded', 'failed', 'cancelled', 'log')),
    stage       text,
    fraction    double precision check (fraction between 0 and 1),
    message     text,
    attempt     integer not null default 0
);
create index events_of_job on job_events (job_id, id);

-- What came out.

create table analyses (
    id              uuid primary key default gen_random_uuid(),
    job_id          uuid unique references jobs on delete cascade,
    athlete_id      uuid references athletes on delete cascade,
    video_id        uuid references videos on delete cascade,
    schema_version  text not null,
    document        jsonb not null check (jsonb_typeof(document) = 'object'),
    track_key       text,
    pipeline        text,
    created_at      timestamptz not null default now()
);
create index analyses_of_athlete on analyses (athlete_id);
create index analyses_of_video on analyses (video_id);
create index analyses_document on analyses using gin (document jsonb_path_ops);

create table comparisons (
    id              uuid primary key default gen_random_uuid(),
    job_id          uuid unique references jobs on delete cascade,
    analysis_id     uuid not null references analyses on delete cascade,
    ghost_id        uuid not null references analyses on delete cascade,
    schema_version  text not null,
    document        jsonb not null check (jsonb_typeof(document) = 'object'),
    created_at      timestamptz not null default now(),
    check (analysis_id <> ghost_id)
);
create index comparisons_of_analysis on comparisons (analysis_id);
create index comparisons_of_ghost on comparisons (ghost_id);

create table programs (
    id              uuid primary key default gen_random_uuid(),
    job_id          uuid unique references jobs on delete cascade,
    athlete_id      uuid not null references athletes on delete cascade,
    schema_version  text not null,
    starts_on       date not null,
    ends_on         date not null,
    document        jsonb not null check (jsonb_typeof(document) = 'object'),
    created_at      timestamptz not null default now(),
    check (ends_on >= starts_on)
);
create index programs_of_athlete on programs (athlete_id, starts_on);

-- When jobs are made by themselves. `last_slot` is moved in the transaction that submits, so a slot fires once.

create table schedules (
    id          uuid primary key default gen_random_uuid(),
    name        text not null unique check (length(name) between 1 and 100),
    cron        text not null check (length(cron) between 1 and 200),
    time_zone   text not null default 'UTC',
    kind        text not null check (kind ~ '^[a-z][a-z0-9_]{0,62}$'),
    parameters  jsonb not null default '{}' check (jsonb_typeof(parameters) = 'object'),
    priority    smallint not null default 1 check (priority in (0, 1, 2)),
    missed      text not null default 'last' check (missed in ('last', 'all', 'skip')),
    paused      boolean not null default false,
    next_slot   timestamptz not null,
    last_slot   timestamptz,
    last_job    uuid references jobs on delete set null,
    created_at  timestamptz not null default now()
);
create index schedules_due on schedules (next_slot) where not paused;

-- That something was deleted, for the operator's records: no name, no key, nothing that leads back to a person.

create table deletions (
    id          uuid primary key default gen_random_uuid(),
    what        text not null check (what in ('athlete', 'video')),
    at          timestamptz not null default now(),
    counts      jsonb not null check (jsonb_typeof(counts) = 'object'),
    -- Objects (keys, and prefixes that end in /) and MLflow runs that are still to be deleted. Emptied when they are, so that a
    -- crash in between leaves nothing behind.
    objects     text[] not null default '{}',
    runs        text[] not null default '{}'
);
create index deletions_open on deletions (at) where objects <> '{}' or runs <> '{}';

create function record_deletion() returns trigger language plpgsql as $$
declare
    gone_videos   uuid[];
    gone_jobs     uuid[];
    gone_analyses uuid[];
begin
    select coalesce(array_agg(id), '{}') into gone_videos from videos
        where (tg_table_name = 'athletes' and athlete_id = old.id) or (tg_table_name = 'videos' and id = old.id);
    select coalesce(array_agg(id), '{}') into gone_jobs from jobs
        where (tg_table_name = 'athletes' and athlete_id = old.id) or video_id = any (gone_videos);
    select coalesce(array_agg(id), '{}') into gone_analyses from analyses
        where (tg_table_name = 'athletes' and athlete_id = old.id) or video_id = any (gone_videos) or job_id = any (gone_jobs);
    insert into deletions (what, counts, objects, runs) values (
        case tg_table_name when 'athletes' then 'athlete' else 'video' end,
        jsonb_build_object('videos', cardinality(gone_videos), 'jobs', cardinality(gone_jobs),
            'analyses', cardinality(gone_analyses)),
        array(select object_key from videos where id = any (gone_videos)
            union select 'jobs/' || job || '/' from unnest(gone_jobs) as job
            union select track_key from analyses where id = any (gone_analyses) and track_key is not null),
        array(select mlflow_run from jobs where id = any (gone_jobs) and mlflow_run is not null)
    );
    return old;
end
$$;

-- Not for the rows that a deletion takes along: they are in its record.
create trigger athletes_deleted before delete on athletes for each row when (pg_trigger_depth() = 0)
    execute function record_deletion();
create trigger videos_deleted before delete on videos for each row when (pg_trigger_depth() = 0)
    execute function record_deletion();
