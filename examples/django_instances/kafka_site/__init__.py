"""A Django site about Kafka instances, in which ramgate decides about every request."""
