"""One request from ask to suggestion: reuse, context, mask, choose, call, judge, polish."""
