"""What one question shares between its notebook and its recording."""
