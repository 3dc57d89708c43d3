"""Everything needed to serve a model, to check it and to explain it: one immutable, signed bundle."""
