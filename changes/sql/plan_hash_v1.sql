-- sha256 over the canonical JSON of everything that is voted on. jsonb prints one way only; times are
-- taken as seconds, so that neither DateStyle nor TimeZone of a session plays a part. A part that came later than
-- 0002 stands in the second object and is left out where it is empty: plans approved before it keep their hash.
CREATE OR REPLACE FUNCTION changes_plan_parts_v1(c changes_changerequest) RETURNS jsonb
LANGUAGE sql STABLE SET search_path = pg_catalog, public, pg_temp AS $$
  SELECT jsonb_build_object(
    'kind', c.kind, 'title', c.title, 'reason', c.reason, 'description', c.description,
    'service', c.service_id, 'downtime', c.downtime_minutes, 'risk', c.risk, 'risk_inputs', c.risk_inputs,
    'window', jsonb_build_array(isempty(c."window"), extract(epoch FROM lower(c."window")),
                                extract(epoch FROM upper(c."window"))),
    'test_plan', c.test_plan, 'freeze_override', c.freeze_override, 'incident', c.incident_ref,
    'incident_priority', c.incident_priority, 'template', c.template_id, 'parameters', c.parameters,
    'rollback', jsonb_build_array(c.rollback_trigger, c.rollback_minutes, c.rollback_owner_id,
      (SELECT jsonb_agg(jsonb_build_array(r.position, r.label) ORDER BY r.position, r.id)
         FROM changes_rollbackstep r WHERE r.change_id = c.id)),
    'items', (SELECT jsonb_agg(jsonb_build_array(i.item_id, i.impact) ORDER BY i.item_id)
                FROM changes_changeitem i WHERE i.change_id = c.id AND i.impact <> 'computed'),
    'stages', (SELECT jsonb_agg(jsonb_build_array(s.id, s.position, s.label, s.share_percent,
                      s.is_point_of_no_return) ORDER BY s.position)
                 FROM changes_planstage s WHERE s.change_id = c.id),
    'operations', (SELECT jsonb_agg(jsonb_build_array(o.stage_id, o.kind, o.before, o.after,
                          CASE WHEN o.kind <> 'create' THEN o.item_id END) ORDER BY o.id)
                     FROM changes_plannedoperation o WHERE o.change_id = c.id),
    'tasks', (SELECT jsonb_agg(jsonb_build_array(t.stage_id, t.phase, t.position, t.label, t.is_dual)
                     ORDER BY t.id) FROM changes_plantask t WHERE t.change_id = c.id),
    'criteria', (SELECT jsonb_agg(jsonb_build_array(k.position, k.metric, k.comparison, k.threshold, k.unit,
                        k.observation_minutes, k.has_auto_rollback, k.is_machine) ORDER BY k.id)
                   FROM changes_criterion k WHERE k.change_id = c.id),
    'people', (SELECT jsonb_agg(jsonb_build_array(a.role, a.user_id) ORDER BY a.role, a.user_id)
                 FROM changes_assignment a
                WHERE a.change_id = c.id AND a.role IN ('implementer', 'verifier'))
  ) || jsonb_strip_nulls(jsonb_build_object(
    'rehearsal', nullif(c.rollback_rehearsal, ''),
    'task_details', (SELECT jsonb_agg(jsonb_build_array(t.id, t.duration_minutes, t.assignee_id) ORDER BY t.id)
                       FROM changes_plantask t
                      WHERE t.change_id = c.id AND num_nonnulls(t.duration_minutes, t.assignee_id) > 0),
    'rollback_minutes', (SELECT jsonb_agg(jsonb_build_array(r.id, r.duration_minutes) ORDER BY r.id)
                           FROM changes_rollbackstep r
                          WHERE r.change_id = c.id AND r.duration_minutes IS NOT NULL),
    'documents', (SELECT jsonb_agg(jsonb_build_array(d.kind, d.label, d.name, f.sha256) ORDER BY d.id)
                    FROM changes_plandocument d JOIN audit_storedfile f ON f.id = d.file_id
                   WHERE d.change_id = c.id),
    'criteria_answers', (SELECT jsonb_agg(jsonb_build_array(k.id, k.grace_minutes, k.has_auto_restore) ORDER BY k.id)
                           FROM changes_criterion k WHERE k.change_id = c.id
                            AND (k.grace_minutes > 0 OR k.has_auto_restore)),
    'test_cases', (SELECT jsonb_agg(jsonb_build_array(t.position, t.label, t.steps, t.expected)
                          ORDER BY t.position, t.id) FROM changes_testcase t WHERE t.change_id = c.id),
    'follows', (SELECT jsonb_agg(l.other_id ORDER BY l.other_id) FROM changes_changelink l
                 WHERE l.change_id = c.id AND l.nature = 'follows'),
    'impact_reasons', (SELECT jsonb_agg(jsonb_build_array(i.item_id, i.effect, i.reason) ORDER BY i.item_id)
                         FROM changes_changeitem i WHERE i.change_id = c.id AND i.reason <> '')
  ));
$$;

CREATE OR REPLACE FUNCTION changes_plan_hash_v1(c changes_changerequest) RETURNS text
LANGUAGE sql STABLE SET search_path = pg_catalog, public, pg_temp AS $$
  SELECT encode(sha256(convert_to(changes_plan_parts_v1(c)::text, 'UTF8')), 'hex');
$$;

-- What owners of items are asked about: the plan as it was written, without what its assessment found out. The
-- risk and the assessor's judgements are written after the owners have answered; they void no answer.
CREATE OR REPLACE FUNCTION changes_asked_hash_v1(c changes_changerequest) RETURNS text
LANGUAGE sql STABLE SET search_path = pg_catalog, public, pg_temp AS $$
  SELECT encode(sha256(convert_to((changes_plan_parts_v1(c) - ARRAY['risk', 'risk_inputs', 'impact_reasons']
    || jsonb_build_object('items', (SELECT jsonb_agg(i.item_id ORDER BY i.item_id) FROM changes_changeitem i
                                     WHERE i.change_id = c.id AND i.impact = 'manual')))::text, 'UTF8')), 'hex');
$$;
