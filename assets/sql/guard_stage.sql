-- An asset's stage follows the legal moves; after disposal neither stage nor evidence changes.
CREATE OR REPLACE FUNCTION assets_guard_stage_v1() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    IF NEW.stage <> OLD.stage AND NOT assets_move_is_legal_v1(OLD.stage, NEW.stage) THEN
        RAISE EXCEPTION 'asset %: no move leads from % to %', OLD.tag, OLD.stage, NEW.stage
            USING ERRCODE = 'check_violation', CONSTRAINT = 'assets_asset_move_is_legal';
    END IF;
    IF OLD.stage = 'disposed' AND NEW.wipe_evidence <> OLD.wipe_evidence THEN
        RAISE EXCEPTION 'asset %: the evidence of its disposal is final', OLD.tag
            USING ERRCODE = 'check_violation', CONSTRAINT = 'assets_asset_evidence_is_final';
    END IF;
    RETURN NEW;
END $$;

DROP TRIGGER IF EXISTS assets_guard_stage ON assets_asset;
CREATE TRIGGER assets_guard_stage BEFORE UPDATE OF stage, wipe_evidence ON assets_asset
    FOR EACH ROW EXECUTE FUNCTION assets_guard_stage_v1();
ALTER TABLE assets_asset ENABLE ALWAYS TRIGGER assets_guard_stage;
