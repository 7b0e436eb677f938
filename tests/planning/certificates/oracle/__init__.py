"""What servers and clients say of the bundles that we judge, the real ones."""
