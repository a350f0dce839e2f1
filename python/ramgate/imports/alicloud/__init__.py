"""Read an account of Alibaba Cloud through its APIs, which it asks nothing secret."""
