//! The management API of a RabbitMQ, shared by every resource on one virtual host: a fixed number of list reads, however many resources.
