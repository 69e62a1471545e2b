"""The evidence model: reads a question and a passage together and says which sentences help."""
