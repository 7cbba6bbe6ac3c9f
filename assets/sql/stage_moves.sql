-- The legal moves of an asset, the same rows as assets/workflow.py MOVES (tests/assets/test_workflow.py compares them).
CREATE OR REPLACE FUNCTION assets_move_is_legal_v1(source text, target text) RETURNS boolean
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
    SELECT (source, target) IN (
        ('stock', 'in_use'), ('stock', 'repair'), ('stock', 'retired'),
        ('in_use', 'stock'), ('in_use', 'repair'), ('in_use', 'retired'),
        ('repair', 'stock'), ('repair', 'in_use'), ('repair', 'retired'),
        ('retired', 'stock'), ('retired', 'disposed')
    )
$$;
