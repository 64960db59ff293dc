"""Where training text comes from, how it is labelled, and how it is stored. One file a source."""
