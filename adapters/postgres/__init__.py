"""The books, the audit log, the journal and the snapshots in Postgres."""
