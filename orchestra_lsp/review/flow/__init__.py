"""Where values from outside go inside one file: from sources through assignments, containers and helpers to sinks."""
