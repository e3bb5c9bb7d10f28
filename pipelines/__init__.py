"""Rendering: see an item on you or in your room. Importing this package loads no network and no torch."""
