"""Translation: English for a line, from the phrasebook, then the dictionaries, or not at all."""
