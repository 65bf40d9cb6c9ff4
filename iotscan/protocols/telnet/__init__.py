"""Telnet: options, dialogues, banners, and what they tell."""
