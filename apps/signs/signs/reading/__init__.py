"""Reading: from the pixels of a frame to its lines of text, in reading order."""
