"""Afield: keep the model of a running product right, on the evidence of production.

The life of a model is two loops that touch at two records, the release and the alert. Read in this order:

    the ground
        records         what crosses from one stage to the next, one file of frozen records per hand-off
        errors          every failure, as a tree
        clock           time as an argument, real or simulated

    the whole
        application     an application as a value, in parts that each verb loads for itself
        control         the state that decisions lead to, read off the ledger
        home            where everything of an application lives
        commands        one module per verb
        cli             the command line

A stage imports only the ground; only the whole imports stages; nothing imports an application.
"""

__version__ = "0.1.0"
