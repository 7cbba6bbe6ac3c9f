-- The questionnaire, thresholds and policies that a fresh installation begins with. Data: edited in the admin.
INSERT INTO changes_riskquestion (row_version, key, label, label_zh, help, help_zh, kinds, position, is_active) VALUES
  (1, 'novelty', 'How often have we done this?', '我们以前做过多少次？',
   'The same kind of work on the same kind of item.', '指同类对象上的同类工作。', '{}', 1, true),
  (1, 'rollback', 'How sure is the way back?', '回退有多大把握？',
   'Rehearsed means: done in a test with this plan.', '“已演练”指按本方案实际演练过。', '{}', 2, true),
  (1, 'reach', 'Who would notice a failure?', '失败会影响到谁？',
   'Think of the worst case within the window.', '按变更窗口内的最坏情况考虑。', '{}', 3, true)
ON CONFLICT (key) DO NOTHING;

INSERT INTO changes_riskanswer (row_version, question_id, key, label, label_zh, level, position, is_active)
SELECT 1, q.id, d.key, d.label, d.label_zh, d.level, d.position, true
  FROM (VALUES
    ('novelty', 'often', 'often', '经常做', 'low', 1),
    ('novelty', 'before', 'before, not often', '做过，不经常', 'medium', 2),
    ('novelty', 'first_time', 'this is the first time', '第一次做', 'high', 3),
    ('rollback', 'rehearsed', 'rehearsed', '已演练', 'low', 1),
    ('rollback', 'planned', 'planned, not rehearsed', '有方案，未演练', 'medium', 2),
    ('rollback', 'hard', 'hard or partly impossible', '困难或部分不可回退', 'high', 3),
    ('reach', 'nobody', 'nobody outside operations', '仅运维内部', 'low', 1),
    ('reach', 'department', 'one department', '一个部门', 'medium', 2),
    ('reach', 'everybody', 'the whole organisation, or customers', '全单位或外部用户', 'high', 3)
  ) AS d (question, key, label, label_zh, level, position)
  JOIN changes_riskquestion q ON q.key = d.question
ON CONFLICT (question_id, key) DO NOTHING;

INSERT INTO changes_riskthreshold (row_version, measure, medium_from, high_from, very_high_from) VALUES
  (1, 'criticality', 3, 4, NULL), (1, 'affected', 11, 101, NULL), (1, 'downtime_minutes', 31, 241, NULL),
  (1, 'working_hours', 1, 61, NULL), (1, 'precedents', 1, NULL, NULL), (1, 'failures', 1, 3, NULL),
  (1, 'outside_maintenance', 1, NULL, NULL)
ON CONFLICT (measure) DO NOTHING;

INSERT INTO changes_workinghours (row_version, day, starts_at, ends_at)
SELECT 1, day, '08:00', '18:00' FROM generate_series(1, 5) AS day
ON CONFLICT (day) DO NOTHING;

INSERT INTO changes_assessmentpolicy (row_version, kind, critical_from, consult_minutes, look_back_days, suggest_after)
VALUES (1, 'normal', 3, 1440, 90, 3), (1, 'standard', 3, 1440, 90, 3), (1, 'emergency', 3, 60, 90, 3)
ON CONFLICT (kind) DO NOTHING;
