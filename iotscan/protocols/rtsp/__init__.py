"""RTSP: messages, and what they tell."""
