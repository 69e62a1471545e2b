"""Training of the evidence model."""
