"""What the tools that speak HTTP share: endpoint, connection pool, streams, faults in plain words, prompts."""
