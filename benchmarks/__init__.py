"""What prints the figures that the README quotes: `make bench`."""
