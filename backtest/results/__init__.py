"""What a run brought: the result, its files, and several of them beside each other."""
