"""The evidence model: a cross-encoder that reads a question and a passage together and scores the sentences."""
