"""When does a context suffice? An order of sentences, what can be seen of a prefix of it, and a trained selector."""
