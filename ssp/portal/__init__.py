"""The partner's home, reading across the apps."""
