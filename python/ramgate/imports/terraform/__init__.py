"""Read the accounts that a state or a plan of Terraform describes."""
