"""What may leave this machine: secrets are found and masked, private files refused, keys read and never shown."""
