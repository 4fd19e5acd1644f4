"""The page of a published set: one file to read, click through, print and share."""
