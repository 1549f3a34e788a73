-- A schedule that names somebody or something deleted can only fail, and would still tell of them.

create function delete_schedules_of() returns trigger language plpgsql as $$
begin
    delete from schedules where position(old.id::text in parameters::text) > 0;
    return old;
end
$$;

create trigger athletes_schedules_deleted after delete on athletes for each row execute function delete_schedules_of();
create trigger videos_schedules_deleted after delete on videos for each row execute function delete_schedules_of();
