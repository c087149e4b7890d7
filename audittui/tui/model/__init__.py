"""The contents of the screen, without Textual: a run and its rows, marks, filters, saved state."""
