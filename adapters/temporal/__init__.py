"""The desk's one way to Temporal: connection, plugin, search attributes, clean exit."""
