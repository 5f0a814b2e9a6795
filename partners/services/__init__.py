"""The writes of the partnership: applying, contracts, envelopes, recruits, terms."""
