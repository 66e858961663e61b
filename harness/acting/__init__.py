"""What a finding gives a person to act on: a reproducer, a replay, a patch, a report, the version it came with."""
