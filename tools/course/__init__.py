"""What the commands of the course are made of: its environment, its tasks, its words, its sources."""
