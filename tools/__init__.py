"""What only the makers of ketum use: documentation, draws to be read, training. Run as modules."""
