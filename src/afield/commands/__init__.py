"""One module per verb of the command line; a verb's module is imported when the verb runs."""
