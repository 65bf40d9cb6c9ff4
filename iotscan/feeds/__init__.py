"""Public lists of flaws: reading the files of their publishers, and keeping what devices need."""
