"""A stand-in for DocuSign: OAuth's JWT grant, the parts of eSignature v2.1 that we use, signing, Connect.

A process of its own (`python -m ssp.sandbox.serve`) that the unmodified SDK talks to over HTTP(S).
"""
