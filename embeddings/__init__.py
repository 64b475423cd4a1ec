"""Texts and ids to vectors, and indexes over them: words, characters, vectors. Blind to products."""
