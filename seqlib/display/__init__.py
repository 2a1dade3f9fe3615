"""What a reader sees: figures, cards, progress, explorers."""
