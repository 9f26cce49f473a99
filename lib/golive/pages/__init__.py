"""Objects to text, HTML and charts. Nothing here decides anything."""
