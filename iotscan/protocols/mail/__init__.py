"""POP3, IMAP and SMTP."""
