-- UNTIL THE MERGE: what the rest of the branch "models" builds on and part 20 will bring.

ALTER TABLE brim.scoring_model ADD COLUMN missing_policy text NOT NULL DEFAULT 'ignore' CHECK (missing_policy IN ('ignore', 'zero', 'prior')),
    ADD COLUMN language text NOT NULL DEFAULT 'english';
ALTER TABLE brim.scoring_rule ADD COLUMN path text[], ADD COLUMN pattern text, ADD COLUMN stem boolean NOT NULL DEFAULT false;

CREATE TABLE brim.scoring_signal (
    model text COLLATE "C" NOT NULL,
    version integer NOT NULL,
    dimension text NOT NULL CHECK (dimension IN ('fit', 'intent')),
    signal text NOT NULL CHECK (octet_length(signal) BETWEEN 1 AND 63),
    combine text NOT NULL DEFAULT 'average' CHECK (combine IN ('average', 'add')),
    min_points integer NOT NULL DEFAULT -100 CHECK (min_points BETWEEN -100 AND 100),
    max_points integer NOT NULL DEFAULT 100 CHECK (max_points BETWEEN -100 AND 100),
    prior_points integer CHECK (prior_points BETWEEN -100 AND 100),
    is_shipped boolean NOT NULL DEFAULT false,
    PRIMARY KEY (model, version, dimension, signal),
    FOREIGN KEY (model, version) REFERENCES brim.scoring_model (name, version) ON UPDATE CASCADE ON DELETE CASCADE
);
COMMENT ON TABLE brim.scoring_signal IS 'One row a setting of a signal. Key: model, version, dimension, signal';
SELECT pg_catalog.pg_extension_config_dump('brim.scoring_signal', 'WHERE NOT is_shipped');
