"""Widgets: list, detail view, form, sidebar and bars. They know no feature."""
