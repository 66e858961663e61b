"""Reports: what people and other tools read of a run.  Pure functions of events and findings."""
