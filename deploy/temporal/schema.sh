#!/bin/sh
# Bring Temporal's two databases to the schema of this image; nothing to do is fine. SQL_HOST, SQL_USER … say where.
set -eu

for name in temporal visibility; do
    database=temporal
    [ "$name" = temporal ] || database=temporal_visibility
    temporal-sql-tool --db "$database" setup-schema -v 0.0
    temporal-sql-tool --db "$database" update-schema -d "/etc/temporal/schema/postgresql/v12/$name/versioned"
done
