"""Selection: which production rows people should label, each with its probability, and what their labels then say.

Read in this order: strategies · reasons · drawing · estimation.
"""
