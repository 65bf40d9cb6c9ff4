"""What findings are judged by: rules, fingerprints, flaws and frameworks, read from YAML."""
