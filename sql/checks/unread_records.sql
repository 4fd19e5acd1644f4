-- severity: warning
-- Records that could not be read are kept with their bytes in ops.quarantine until they can be.
SELECT
    raw_file,
    raw_offset,
    reason
FROM ops.quarantine
WHERE read_at IS NULL
