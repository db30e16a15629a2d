#!/bin/sh
# Makes two users of RabbitMQ with the least rights: the workers' (broker.existingSecret) and the operator's
# (broker.managementExistingSecret). EXCHANGES and QUEUES are regular expressions for the names that the pipelines use.
set -eu
vhost=${VHOST:-/} exchanges=${EXCHANGES:-shop\.events} queues=${QUEUES:-shop\.inbox}

# Producers publish to the exchanges. Consumers read the queues and put dead letters into QUEUE.dlq by the default
# exchange. They declare nothing.
rabbitmqctl add_user hoopoe-workers "$WORKERS_PASSWORD"
rabbitmqctl set_permissions --vhost "$vhost" hoopoe-workers '^$' "^($exchanges|amq\.default)\$" "^($queues)\$"

# The operator makes and removes exchanges, queues, bindings and policies by the management API. It neither publishes
# nor consumes.
rabbitmqctl add_user hoopoe-operator "$OPERATOR_PASSWORD"
rabbitmqctl set_user_tags hoopoe-operator policymaker
rabbitmqctl set_permissions --vhost "$vhost" hoopoe-operator \
    "^($exchanges|($queues)(\.dlq)?)\$" "^($queues)\$" "^($exchanges)\$"
