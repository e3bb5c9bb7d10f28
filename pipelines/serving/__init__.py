"""`tryroom serve`: this Tryroom renders for others, over HTTP."""
