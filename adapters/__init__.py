"""The outside world, one file or folder for each thing in it, each behind a port."""
