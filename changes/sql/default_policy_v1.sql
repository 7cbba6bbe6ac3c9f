-- Boards that every organisation has under some name, and who must agree to what. Data: edited in the admin.
INSERT INTO changes_board (row_version, key, label, label_zh) VALUES
  (1, 'peer', 'Peers', '同行'),
  (1, 'tech_owner', 'Technical owners', '技术负责人'),
  (1, 'cab', 'Change advisory board', '变更委员会'),
  (1, 'ecab', 'Emergency change board', '紧急变更委员会'),
  (1, 'executive', 'Executives', '分管领导')
ON CONFLICT (key) DO NOTHING;

INSERT INTO changes_approvalpolicy (row_version, kind, risk, allows_skip_test) VALUES
  (1, 'normal', 'low', true), (1, 'normal', 'medium', false), (1, 'normal', 'high', false),
  (1, 'normal', 'very_high', false), (1, 'emergency', '', true)
ON CONFLICT (kind, risk) DO NOTHING;

INSERT INTO changes_policystep (row_version, policy_id, position, board_id, relation, need, quorum, minutes)
SELECT 1, p.id, d.position, b.id, d.relation, d.need, d.quorum, d.minutes
  FROM (VALUES
    ('normal', 'low', 1, 'peer', '', 1, 1, 1440),
    ('normal', 'medium', 1, 'tech_owner', '', 1, 1, 2880), ('normal', 'medium', 2, NULL, 'ci_owners', 1, 1, 2880),
    ('normal', 'high', 1, 'tech_owner', '', 1, 1, 2880), ('normal', 'high', 2, NULL, 'ci_owners', 1, 1, 2880),
    ('normal', 'high', 3, 'cab', '', 3, 3, 4320),
    ('normal', 'very_high', 1, 'tech_owner', '', 1, 1, 2880), ('normal', 'very_high', 2, NULL, 'ci_owners', 1, 1, 2880),
    ('normal', 'very_high', 3, 'cab', '', 3, 3, 4320), ('normal', 'very_high', 4, 'executive', '', 1, 1, 4320),
    ('emergency', '', 1, 'ecab', '', 2, 2, 30)
  ) AS d (kind, risk, position, board, relation, need, quorum, minutes)
  JOIN changes_approvalpolicy p ON p.kind = d.kind AND p.risk = d.risk
  LEFT JOIN changes_board b ON b.key = d.board
 WHERE NOT EXISTS (SELECT FROM changes_policystep s WHERE s.policy_id = p.id AND s.position = d.position);
