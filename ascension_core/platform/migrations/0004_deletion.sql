-- What came from a video also is what was made of what came from it, and jobs can be deleted by themselves (retention).

alter table deletions drop constraint deletions_what_check;
alter table deletions add constraint deletions_what_check check (what in ('athlete', 'video', 'job'));

-- When to look after the objects next: once more when every upload that had been allowed before is over.
alter table deletions add column look_at timestamptz not null default now();
drop index deletions_open;
create index deletions_open on deletions (look_at) where objects <> '{}' or runs <> '{}';

-- An object's folder where it is a video's own, so that a record does not hold the name of a file.
create function object_folder(object_key text) returns text language sql immutable as $$
    select coalesce(substring(object_key from '^videos/[0-9a-f-]{36}/'), object_key)
$$;

-- Jobs that read one of these videos, or what came out of such a job, and so on.
create function jobs_from(first_jobs uuid[], keys text[]) returns uuid[] language sql stable as $$
    with recursive inputs as (
        select jobs.id, given.value, substring(given.value from '^jobs/([0-9a-f-]{36})/') as source
            from jobs, jsonb_each_text(parameters) as given
            where given.value like 'jobs/%' or given.value = any (keys)
    ), gone as (
        select unnest(first_jobs) as id
        union select id from inputs where value = any (keys)
        union select inputs.id from inputs join gone on inputs.source = gone.id::text
    )
    select coalesce(array_agg(id), '{}') from gone
$$;

create or replace function record_deletion() returns trigger language plpgsql as $$
declare
    gone_videos      uuid[] := '{}';
    gone_jobs        uuid[] := '{}';
    gone_analyses    uuid[];
    gone_comparisons uuid[];
begin
    if tg_table_name = 'jobs' then
        gone_jobs := array[old.id];
    else
        select coalesce(array_agg(id), '{}') into gone_videos from videos
            where (tg_table_name = 'athletes' and athlete_id = old.id) or (tg_table_name = 'videos' and id = old.id);
        select coalesce(array_agg(id), '{}') into gone_jobs from jobs
            where (tg_table_name = 'athletes' and athlete_id = old.id) or video_id = any (gone_videos);
        gone_jobs := jobs_from(
            gone_jobs
                || array(select job_id from analyses where job_id is not null
                    and ((tg_table_name = 'athletes' and athlete_id = old.id) or video_id = any (gone_videos)))
                || array(select job_id from programs where job_id is not null
                    and tg_table_name = 'athletes' and athlete_id = old.id),
            array(select object_key from videos where id = any (gone_videos)));
    end if;
    select coalesce(array_agg(id), '{}') into gone_analyses from analyses
        where (tg_table_name = 'athletes' and athlete_id = old.id) or video_id = any (gone_videos) or job_id = any (gone_jobs);
    select coalesce(array_agg(id), '{}') into gone_comparisons from comparisons
        where analysis_id = any (gone_analyses) or ghost_id = any (gone_analyses) or job_id = any (gone_jobs);
    gone_jobs := array(select unnest(gone_jobs)
        union select job_id from comparisons where id = any (gone_comparisons) and job_id is not null);
    insert into deletions (what, counts, objects, runs) values (
        case tg_table_name when 'athletes' then 'athlete' when 'videos' then 'video' else 'job' end,
        jsonb_build_object('videos', cardinality(gone_videos), 'jobs', cardinality(gone_jobs),
            'analyses', cardinality(gone_analyses), 'comparisons', cardinality(gone_comparisons)),
        array(select object_folder(object_key) from videos where id = any (gone_videos)
            union select 'jobs/' || job || '/' from unnest(gone_jobs) as job
            union select track_key from analyses where id = any (gone_analyses) and track_key is not null),
        array(select mlflow_run from jobs where id = any (gone_jobs) and mlflow_run is not null)
    );
    delete from analyses where id = any (gone_analyses);
    delete from jobs where id = any (gone_jobs) and (tg_table_name <> 'jobs' or id <> old.id);
    return old;
end
$$;

create trigger jobs_deleted before delete on jobs for each row when (pg_trigger_depth() = 0)
    execute function record_deletion();

-- What is done once in a while by whichever process comes first.

create table chores (
    name     text primary key,
    done_at  timestamptz not null default '-infinity'
);
insert into chores (name) values ('expire'), ('sweep');

-- Which bucket is ours: the same word stands in the bucket, so that nobody sweeps the bucket of another database.

create table installation (
    id  uuid primary key default gen_random_uuid()
);
insert into installation default values;
