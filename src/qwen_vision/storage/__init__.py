"""Storage: uploads kept, expired and resolved."""
