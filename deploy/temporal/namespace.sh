#!/bin/sh
# Make the namespace and the search attributes that cycles are found by; what is there already stays as it is.
# TEMPORAL_ADDRESS and TEMPORAL_NAMESPACE say where.
set -eu

RETENTION=90d

tries=60
until temporal operator cluster health >/dev/null 2>&1; do
    tries=$((tries - 1))
    [ "$tries" -gt 0 ] || { echo "no Temporal server at $TEMPORAL_ADDRESS" >&2; exit 1; }
    sleep 1
done

temporal operator namespace describe --namespace "$TEMPORAL_NAMESPACE" >/dev/null 2>&1 ||
    temporal operator namespace create --namespace "$TEMPORAL_NAMESPACE" --retention "$RETENTION"

# The server takes some seconds to learn of a new namespace.
tries=60
until known=$(temporal operator search-attribute list 2>/dev/null); do
    tries=$((tries - 1))
    [ "$tries" -gt 0 ] || { echo "the namespace $TEMPORAL_NAMESPACE does not answer" >&2; exit 1; }
    sleep 1
done

add() {
    echo "$known" | grep -qw "$1" || temporal operator search-attribute create --name "$1" --type "$2"
}

add DeskId Keyword
add StrategyId Keyword
add CycleTrigger Keyword
add CycleOutcome Keyword
add TraceId Keyword
add Symbols KeywordList
