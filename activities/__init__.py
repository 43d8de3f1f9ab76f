"""Thin, repeatable effects. Each says in its `Repeat:` line why running it twice is harmless."""
