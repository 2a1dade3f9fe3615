"""Readers: each looks at what an answer gave and what is right, over all cases, and says one thing that is true.

A reader never guesses. It is a predicate over every case that gave a value, the passing ones included, with enough
different numbers that chance is ruled out; where it does not hold, it is silent.
"""
