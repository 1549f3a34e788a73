-- Who may call the API. Of a key only the hash of its secret is kept; a key of an athlete goes with the athlete.

create table api_keys (
    id          text primary key check (id ~ '^[0-9a-f]{12}$'),
    name        text not null check (length(name) between 1 and 100),
    hash        bytea not null check (length(hash) = 32),
    scopes      text[] not null check (cardinality(scopes) > 0 and scopes <@ array['read', 'write', 'admin']),
    athlete_id  uuid references athletes on delete cascade,  -- null: all athletes
    created_at  timestamptz not null default now(),
    expires_at  timestamptz,
    revoked_at  timestamptz,
    check (athlete_id is null or not 'admin' = any (scopes))
);
create index api_keys_of_athlete on api_keys (athlete_id);

-- A client that did not hear the answer asks again with the same key and gets the same row.

alter table athletes add column idempotency_key text unique check (length(idempotency_key) between 1 and 200);
alter table videos add column idempotency_key text unique check (length(idempotency_key) between 1 and 200);

-- Lists are read page by page from the newest on.

create index athletes_by_age on athletes (created_at desc, id desc);
create index videos_by_age on videos (created_at desc, id desc);
create index videos_of_athlete_by_age on videos (athlete_id, created_at desc, id desc);
create index jobs_of_athlete_by_age on jobs (athlete_id, created_at desc, id desc);
