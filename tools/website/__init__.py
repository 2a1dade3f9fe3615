"""What the web site is made of: pages from executed notebooks, claims, glossary, flashcards, and what npm lends."""
