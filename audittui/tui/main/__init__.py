"""The main screen: one module a feature, and the desk that they share."""
