"""Bars of the past: read, cleaned, doubted, and laid out as a panel."""
