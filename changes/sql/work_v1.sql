-- What an operation's mark says is looked up in the items themselves: the marks can be written by a session, the
-- work cannot. Gives every field of the change that is not as it should be after its operations (or, with
-- `backward`, before them). A field that is something else counts as settled only when two people decided to keep
-- just that value; on the way back also when they decided to force it before: what was replaced is then not the
-- plan's `before`. `what` is mark (the operation is not marked as done), field, item or relation.
CREATE OR REPLACE FUNCTION changes_differences_v1(wanted bigint, backward boolean)
RETURNS TABLE (operation_id bigint, item_id bigint, what text, field text, expected jsonb, found jsonb)
LANGUAGE sql STABLE SET search_path = pg_catalog, public, pg_temp AS $$
  WITH o AS MATERIALIZED (
    SELECT p.*, CASE WHEN p.after <> '{}' THEN p.after ELSE p.before END AS ends,
           CASE WHEN backward THEN p.before ELSE p.after END AS goal,
           (p.applied_at IS NOT NULL AND p.reverted_at IS NULL) <> backward AS marked
      FROM changes_plannedoperation p
     WHERE p.change_id = wanted AND (NOT backward OR p.applied_at IS NOT NULL))
  SELECT o.id, o.item_id, 'mark', '', NULL::jsonb, NULL::jsonb FROM o WHERE NOT o.marked
  UNION ALL
  SELECT o.id, ci.id, 'field', f.field, live.goal, live.value
    FROM o JOIN cmdb_configurationitem ci ON ci.id = o.item_id
   CROSS JOIN LATERAL (SELECT to_jsonb(ci) AS doc,
                              to_jsonb(jsonb_populate_record(ci, o.goal - 'attributes')) AS typed) AS whole
   CROSS JOIN LATERAL jsonb_object_keys(o.before || o.after) AS f (field)
   CROSS JOIN LATERAL (SELECT
     CASE WHEN f.field LIKE 'attributes.%' THEN whole.doc -> 'attributes' -> substr(f.field, 12)
          ELSE whole.doc -> f.field END AS value,
     CASE WHEN f.field LIKE 'attributes.%' OR NOT o.goal ? f.field THEN o.goal -> f.field
          ELSE whole.typed -> f.field END AS goal) AS live
   WHERE o.kind IN ('update', 'retire') AND live.value IS DISTINCT FROM live.goal
     AND NOT EXISTS (SELECT FROM changes_driftdecision d
       WHERE d.operation_id = o.id AND d.field = f.field AND d.confirmed_by_id <> d.decided_by_id
         AND (d.decision = 'keep' OR backward AND coalesce(d.seen, 'null') = coalesce(o.replaced -> f.field, 'null'))
         AND coalesce(d.seen, 'null') = coalesce(live.value, 'null'))
  UNION ALL
  SELECT o.id, ci.id, 'item', '', to_jsonb(NOT backward), to_jsonb(ci.id IS NOT NULL)
    FROM o LEFT JOIN cmdb_configurationitem ci ON ci.id = o.item_id
     AND ci.type_id = (o.after ->> 'type_id')::bigint AND ci.name = o.after ->> 'name'
   WHERE o.kind = 'create' AND (ci.id IS NULL) <> backward
  UNION ALL
  SELECT o.id, NULL, 'relation', '', to_jsonb((o.kind = 'relate') <> backward), to_jsonb(r.id IS NOT NULL)
    FROM o LEFT JOIN cmdb_relation r ON r.relation_type_id = (o.ends ->> 'relation_type_id')::bigint
     AND r.source_id = (o.ends ->> 'source_id')::bigint AND r.target_id = (o.ends ->> 'target_id')::bigint
   WHERE o.kind IN ('relate', 'unrelate') AND (r.id IS NULL) <> ((o.kind = 'unrelate') <> backward);
$$;

-- The first of them in short, or nothing: what the gate says.
CREATE OR REPLACE FUNCTION changes_work_left_v1(wanted bigint, backward boolean) RETURNS text
LANGUAGE sql STABLE SET search_path = pg_catalog, public, pg_temp AS $$
  SELECT CASE d.what WHEN 'mark' THEN 'operation ' || d.operation_id || ': not marked'
                     WHEN 'field' THEN 'operation ' || d.operation_id || ': ' || d.field
                     ELSE 'operation ' || d.operation_id || ': the ' || d.what END
    FROM changes_differences_v1(wanted, backward) d LIMIT 1;
$$;

-- What was applied was applied: its mark is never taken off again, or the way back would pass it by.
CREATE OR REPLACE FUNCTION changes_keep_applied_v1() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
  PERFORM changes_refuse_v1('applied_stays', 'an operation that was applied stays marked as applied');
  RETURN NULL;
END $$;

CREATE OR REPLACE TRIGGER keep_applied BEFORE UPDATE OF applied_at ON changes_plannedoperation FOR EACH ROW
  WHEN (OLD.applied_at IS NOT NULL AND NEW.applied_at IS NULL) EXECUTE FUNCTION changes_keep_applied_v1();
CREATE OR REPLACE TRIGGER keep_applied BEFORE UPDATE OF applied_at ON changes_planstage FOR EACH ROW
  WHEN (OLD.applied_at IS NOT NULL AND NEW.applied_at IS NULL) EXECUTE FUNCTION changes_keep_applied_v1();
