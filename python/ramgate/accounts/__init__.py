"""Read accounts files, check them whole, and edit them in place."""
