"""Recipe + examples + seed → a model, as an ONNX graph."""
