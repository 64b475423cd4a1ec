"""Text to claims. Blind to products and databases."""
