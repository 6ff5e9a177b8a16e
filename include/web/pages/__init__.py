"""The pages under /stocks/: HTML that says what there is to see, and modules that ask the API for it."""
