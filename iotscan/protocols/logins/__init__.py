"""What logins say, whichever protocol carries them."""
