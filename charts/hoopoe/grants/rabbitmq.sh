#!/bin/sh
# Creates two RabbitMQ users with the fewest rights: one for the workers (broker.existingSecret) and one for the
# operator (broker.managementExistingSecret). EXCHANGES and QUEUES are regular expressions that match the names which
# the pipelines use.
set -eu
vhost=${VHOST:-/} exchanges=${EXCHANGES:-shop\.events} queues=${QUEUES:-shop\.inbox}

# Producers publish to the exchanges. Consumers read the queues and send dead letters to QUEUE.dlq through the default
# exchange. Neither declares anything.
rabbitmqctl add_user hoopoe-workers "$WORKERS_PASSWORD"
rabbitmqctl set_permissions --vhost "$vhost" hoopoe-workers '^$' "^($exchanges|amq\.default)\$" "^($queues)\$"

# The operator creates and deletes exchanges, queues, bindings and policies through the management API. It neither
# publishes nor consumes.
rabbitmqctl add_user hoopoe-operator "$OPERATOR_PASSWORD"
rabbitmqctl set_user_tags hoopoe-operator policymaker
rabbitmqctl set_permissions --vhost "$vhost" hoopoe-operator \
    "^($exchanges|($queues)(\.dlq)?)\$" "^($queues)\$" "^($exchanges)\$"
