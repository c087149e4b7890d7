"""Which keys there are and what they are called; keys in the order in which they are typed."""
