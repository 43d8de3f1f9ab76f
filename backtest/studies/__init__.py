"""Many runs over one panel: their combinations, what is kept of each, and other courses of one."""
