"""Published packages, built unmodified for every backend, and their own suites run on each."""
