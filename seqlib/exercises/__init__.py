"""The exercises of each notebook, and its quiz and flashcards."""
