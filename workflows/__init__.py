"""Thin, deterministic: which step follows which, and what happens when one fails."""
