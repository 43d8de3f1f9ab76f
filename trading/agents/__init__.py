"""What each agent is asked, and how its answer is read."""
