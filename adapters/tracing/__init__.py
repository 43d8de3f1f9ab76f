"""OpenTelemetry: spans of what the desk does, exported by OTLP where the standard `OTEL_…` variables say.

Without an exporter nothing of it is imported: `spans` is all that the rest of the house knows, and costs a call.
"""
