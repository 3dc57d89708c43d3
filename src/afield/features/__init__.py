"""One definition of the features, for training and for serving."""
