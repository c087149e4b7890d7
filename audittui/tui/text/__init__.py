"""Values in, lines out: the words of the screen. Nothing here knows Textual."""
