"""What the readers of several protocols share."""
