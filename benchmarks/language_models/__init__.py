"""How fast and how reliably the language-model methods read."""
