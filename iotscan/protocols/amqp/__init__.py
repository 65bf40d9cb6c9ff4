"""AMQP: frames and logins."""
