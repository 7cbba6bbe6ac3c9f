
-- Inserted and read, nothing else, by anybody.
SELECT audit.protect('changes_changeevent');
SELECT audit.protect('changes_vote');
SELECT audit.protect('changes_voteconfirmation');
SELECT audit.protect('changes_testrun');
SELECT audit.protect('changes_criterionresult');
