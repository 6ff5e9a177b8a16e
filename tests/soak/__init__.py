"""Mixed load through all doors for as long as one likes, with kills: `make test-soak MINUTES=60`."""
