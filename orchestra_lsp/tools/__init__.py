"""The AI tools, one module each; the only code that talks to an AI."""
