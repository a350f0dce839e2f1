"""Write a world as accounts files into a folder; files that no import made are left alone."""
