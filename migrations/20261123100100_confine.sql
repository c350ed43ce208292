-- A key that is confined to a workspace sees the sessions of no other, nor what
-- belongs to them.

create policy confined on session as restrictive to cloudgen_app
    using ((select app.workspace_id()) is null or workspace_id = (select app.workspace_id()));

do $$
declare
    part regclass;
begin
    foreach part in array array['message', 'analysis', 'artifact_set', 'share_link']::regclass[] loop
        execute format(
            'create policy confined on %s as restrictive to cloudgen_app
                using ((select app.workspace_id()) is null
                       or exists (select from session s where s.id = session_id))', part);
    end loop;
end
$$;
