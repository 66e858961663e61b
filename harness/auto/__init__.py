"""Cases that nobody wrote: made from what an extension shows of itself, and from what it accepts."""
