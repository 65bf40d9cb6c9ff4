"""The only place that sends: scope, port rules, login budget, rate, dial, record."""
