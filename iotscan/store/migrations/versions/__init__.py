"""One file a step. A step that was published is never edited again: the next one mends it."""
