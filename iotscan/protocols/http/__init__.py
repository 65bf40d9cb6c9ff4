"""HTTP/1.x: messages, pages, authentication, and what they tell."""
