"""The main screen: one module per feature, and the desk they share."""
