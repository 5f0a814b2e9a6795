"""What finance sees: what waits for it, what is owed, what is coming, and what bookkeeping gets."""
