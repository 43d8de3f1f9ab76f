"""The HTTP API: a second face of the command line. It starts and signals workflows and reads; it never trades."""
