# Hoopoe: every task of the project is a target here; `make` alone lists them.
SHELL := /usr/bin/env bash
.DEFAULT_GOAL := help

.PHONY: help
help: ## List the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "  make %-14s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

.PHONY: demo
demo: ## Build, start the embedded pipeline, send notifications, poll the inbox, print what to try next
	@e2e/demo.sh

.PHONY: dev
dev: ## The same pipeline, kept running until Ctrl-C
	@e2e/demo.sh --keep

.PHONY: test
test: ## Install missing packages and run the checks, on real servers and in pods
	@e2e/test.sh

.PHONY: test-all
test-all: ## The same, and the steps that take too long for every change: about 80 minutes more
	@e2e/test.sh --all

.PHONY: control-plane
control-plane: ## Build a Kubernetes control plane for the tests from its Go modules (the first time: about ten minutes)
	@e2e/control-plane.sh

.PHONY: images
images: ## Build both images without a Docker engine, with their bills of materials, and print their sizes
	@e2e/images.sh

.PHONY: cluster
cluster: ## Start Kubernetes with two nodes that run pods on this machine, with RabbitMQ, PostgreSQL and Redis in it
	@e2e/cluster.sh up

.PHONY: cluster-down
cluster-down: ## Remove every trace of that cluster
	@e2e/cluster.sh down

.PHONY: demo-cluster
demo-cluster: ## Start a cluster, install Hoopoe in it, send a notification and poll it from the pods
	@e2e/demo-cluster.sh

.PHONY: test-cluster
test-cluster: ## Install, use, break and remove Hoopoe on a cluster that is started for this test and runs real pods
	@e2e/test-cluster.sh

.PHONY: chaos
chaos: ## Kill KILLS (default 50) random parts of such a cluster under load, checked by the ledger; SEED=… repeats a run
	@HOOPOE_CHAOS_KILLS=$(KILLS) HOOPOE_CHAOS_SEED=$(SEED) e2e/test-cluster.sh --ignored random_kills

.PHONY: check
check: deny ## The quick half of `make test`, without servers: format, lints, dependencies, house rules, unit tests
	cargo fmt --all --check
	cargo clippy --workspace --all-targets --all-features --locked -- -D warnings
	cargo test --locked -p hoopoe-e2e --test house
	cargo test --workspace --lib --bins --locked

.PHONY: charts
charts: ## Check the Helm charts: lint, unit tests, schemas of three Kubernetes minors, kube-score, a real API server
	@e2e/charts.sh
	cargo test --locked -p hoopoe-operator --test it charts::

.PHONY: charts-helm-three
charts-helm-three: ## The same with Helm 3 and Helm 4 (the first time it builds Helm 3: about four minutes)
	@HOOPOE_HELM3=$$(e2e/go-tools.sh helm3)/helm e2e/charts.sh
	HOOPOE_HELM=$$(e2e/go-tools.sh helm3)/helm cargo test --locked -p hoopoe-operator --test it charts::

.PHONY: api-test
api-test: ## Test the HTTP API against its OpenAPI document with schemathesis
	HOOPOE_SCHEMATHESIS=$$(e2e/schemathesis.sh) \
		cargo test --locked -p hoopoe --test it -- --ignored --nocapture schemathesis

.PHONY: bench
bench: ## Measure each part and its limit in one run, and print the table of ratios
	@e2e/bench.sh

.PHONY: bench-operator
bench-operator: ## Measure the operator's time, requests and memory at HOOPOE_BENCH_RESOURCES (1000,5000) resources
	cargo bench --locked -p hoopoe-operator --bench settle

.PHONY: fuzz
fuzz: ## Fuzz the parser of NotifData for FUZZ_SECONDS (default 60)
	@fuzz/run.sh

.PHONY: generate
generate: ## Rewrite the generated files that tests compare (CRDs, OpenAPI, golden files, charts); review the diff
	HOOPOE_GENERATE=1 cargo test --quiet --locked --workspace --lib --test it -- the_children_of the_committed the_drawing
	charts/generate.sh

.PHONY: deny
deny: ## Check licences, sources and banned crates of the dependencies
	$$(e2e/prebuilt.sh cargo-deny) --log-level error check bans licenses sources
