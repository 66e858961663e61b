"""Modules that run inside the interpreters."""
