"""Find policy documents in files: the output of an API, Terraform, a ROS template, accounts."""
