"""The sides of a comparison: everything that `ramgate diff` accepts, as the data of a store."""
