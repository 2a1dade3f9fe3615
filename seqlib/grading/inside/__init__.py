"""What enters the sandbox, and the messages that both sides speak. Imports nothing of the grader.

Inside, these files lie side by side in a folder of their own, which is why they import each other by their bare names.
"""
