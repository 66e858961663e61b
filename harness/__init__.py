"""Does this Python extension module do the same thing on every interpreter?

The pytest plug-in is :mod:`harness.plugin`; importing this package costs nothing.
"""

__version__ = "0.1.0"
