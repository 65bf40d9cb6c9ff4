"""Controllers of industry and buildings: the protocols by which plants are run."""
