-- What a fresh installation begins with. Data: edited in the admin.
INSERT INTO changes_collisionrule (row_version, kind, is_hard, depth) VALUES
  (1, 'same_item', true, 3), (1, 'redundancy', true, 3), (1, 'upstream', true, 3),
  (1, 'related', false, 3), (1, 'person', false, 3), (1, 'maintenance', false, 3)
ON CONFLICT (kind) DO NOTHING;

-- In a freeze an emergency also takes the vote of an owner of the items.
INSERT INTO changes_policystep (row_version, policy_id, position, relation, need, quorum, minutes, on_timeout, only_in_freeze)
SELECT 1, p.id, 9, 'ci_owners', 1, 1, 30, 'tell', true FROM changes_approvalpolicy p
 WHERE p.kind = 'emergency' AND p.risk = ''
   AND NOT EXISTS (SELECT FROM changes_policystep s WHERE s.policy_id = p.id AND s.only_in_freeze);

CREATE OR REPLACE TRIGGER acknowledge BEFORE INSERT ON changes_collisionacknowledgement
  FOR EACH ROW EXECUTE FUNCTION changes_acknowledge_v1();
CREATE OR REPLACE TRIGGER override_freeze BEFORE INSERT ON changes_freezeoverride
  FOR EACH ROW EXECUTE FUNCTION changes_override_freeze_v1();
SELECT audit.protect('changes_collisionacknowledgement');
SELECT audit.protect('changes_freezeoverride');
