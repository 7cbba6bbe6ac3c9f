-- Whether a deed that asks for a fresh proof (step-up) has one: given by a person, within the last ten minutes.
-- The same number as accounts.step_up.FRESH_FOR. Who may write here could also write a false proof; what this
-- rules out is a way through the programs on which nobody was asked.
CREATE OR REPLACE FUNCTION changes_is_proved_v1(strength text, proved timestamptz) RETURNS boolean
LANGUAGE sql VOLATILE SET search_path = pg_catalog, public, pg_temp AS $$
  SELECT coalesce(strength = 'step_up' AND proved > clock_timestamp() - interval '10 minutes'
                  AND proved < clock_timestamp() + interval '1 minute', false);
$$;
