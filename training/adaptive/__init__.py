"""Trains the selector of `acc_rag`."""
