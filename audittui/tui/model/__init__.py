"""What is on the screen, without Textual: a run and its rows, marks, filters, what is kept."""
