"""Reports of other tools, read: one dialect a file. What a report can't say is never made up."""
