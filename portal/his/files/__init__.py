"""A HIS that drops files: one ``.xlsx`` or ``.csv`` per view in a folder.

On the other side: an export of the HIS, or a person with a spreadsheet. A file is the
view as it stands: it stays where it is and is read at each pull, and whoever has a newer
state replaces it. Nothing is moved away, because a view that is missing would look like
one whose rows have all vanished. What is wrong in a file stands in a report beside it.
"""
