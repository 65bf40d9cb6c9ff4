"""FTP: replies, listings, and what they tell."""
