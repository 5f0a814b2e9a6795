"""The sales team's pages, reading across the apps."""
