"""Small instruments whose arithmetic runs in the reader's browser, each with its script beside it."""
