"""Changes to solutions that nobody can see, a module a notebook: {(exercise, the changed line): why}."""
