"""The local stand-ins: DocuSign, the mailbox, the demo story, the clock and the embedded stack.

The top floor: it drives public services only, and settings refuse to load it in production.
"""
