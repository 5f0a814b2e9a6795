"""Partners: from application to the last day."""
