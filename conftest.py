"""Plug-ins for the project's own tests; the matrix itself is an installed plug-in."""

pytest_plugins = ["pytester"]
