#!/bin/sh
# Grafana, once it has a password that nobody else has.
set -eu

[ -n "${GF_SECURITY_ADMIN_PASSWORD:-}" ] || {
    echo "GRAFANA_PASSWORD is not set: python starter.py init --compose --observability" >&2
    exit 1
}
exec /run.sh
