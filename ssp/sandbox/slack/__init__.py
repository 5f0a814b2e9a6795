"""A stand-in for Slack: the methods of its Web API that we use, for the real SDK over HTTP.

Its page is `/sandbox/slack/`: channels, members, messages, and the ways to fail.
"""

API_PATH = "/slack/api/"
BOT_TOKEN = "xoxb-sandbox-1"  # of no workspace: the stand-in alone takes it
