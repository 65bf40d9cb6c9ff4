"""One small file for each kind of simulated device; the home finds them by looking here."""
