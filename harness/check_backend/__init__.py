"""The conformance kit: does a backend's worker do all that ``docs/protocol.md`` says?"""
