"""ONC remote procedure calls (RFC 5531), the port mapper and the mount protocol."""
