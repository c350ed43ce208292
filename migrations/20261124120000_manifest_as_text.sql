-- A manifest is written once and handed out whole. Nothing asks for its parts,
-- so that it need not be taken apart to be kept.

alter table artifact_set alter column manifest type json using manifest::json;
-- A new type comes with its own way to store: as before, without compression.
alter table artifact_set alter column manifest set storage external;
