"""What makers wrote for their own apps, and one form for what devices say of themselves in it."""
