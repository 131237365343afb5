"""One reader a count format, each of which turns the files of one program into the same table."""
