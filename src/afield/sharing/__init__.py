"""One service on hosts that share no folder: what it publishes and what it accepted, through an object store."""
