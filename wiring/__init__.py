"""From settings to adapters: the only rooms, beside the programs, that build what the ports need."""
