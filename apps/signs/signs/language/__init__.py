"""Language of a line: by its script, its characters, the place, and the other lines of the frame."""
