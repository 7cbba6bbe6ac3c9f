-- Loaded once the table of votes is there.
CREATE OR REPLACE TRIGGER template_vote_gate BEFORE INSERT ON changes_templatevote
  FOR EACH ROW EXECUTE FUNCTION changes_template_vote_gate_v1();
CREATE OR REPLACE TRIGGER decide_template AFTER INSERT ON changes_templatevote
  FOR EACH ROW EXECUTE FUNCTION changes_decide_template_v1();
SELECT audit.protect('changes_templatevote');
UPDATE changes_standardtemplate SET content_hash = changes_template_hash_v1(changes_standardtemplate) WHERE content_hash = '';
