"""Retrieval: what a shopper means, in pictures and words. Importing this package loads no network and no torch."""
