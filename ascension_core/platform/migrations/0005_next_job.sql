-- The next job of a kind and priority is the first entry of its part of this index, however many jobs wait before or beside it.
create index jobs_next on jobs (kind, priority, not_before) where status = 'queued';
drop index jobs_waiting;
