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
test: ## Install what is missing and run the checks, on real servers and in pods
	@e2e/test.sh

.PHONY: test-all
test-all: ## The same, and what takes too long for every change: some 80 minutes more
	@e2e/test.sh --all

.PHONY: control-plane
control-plane: ## Build a Kubernetes control plane for the tests from its Go modules (the first time: some ten minutes)
	@e2e/control-plane.sh

.PHONY: images
images: ## Build both images without a Docker engine, with their bills of materials, and print their sizes
	@e2e/images.sh

.PHONY: cluster
cluster: ## Start a Kubernetes of two nodes that run pods on this machine, with RabbitMQ, PostgreSQL and Redis in it
	@e2e/cluster.sh up

.PHONY: cluster-down
cluster-down: ## Remove every trace of that cluster
	@e2e/cluster.sh down

.PHONY: demo-cluster
demo-cluster: ## From nothing to a notification polled out of pods
	@e2e/demo-cluster.sh

.PHONY: test-cluster
test-cluster: ## Install, use, break and remove Hoopoe on a cluster of its own, whose pods run
	@e2e/test-cluster.sh

.PHONY: chaos
chaos: ## Kill KILLS (default 50) parts of such a cluster at random under load, with the ledger's verdict; SEED=… repeats a run
	@HOOPOE_CHAOS_KILLS=$(KILLS) HOOPOE_CHAOS_SEED=$(SEED) e2e/test-cluster.sh --ignored random_kills

.PHONY: check
check: deny ## The quick half of `make test`: formatting, lints, dependencies, the order of the house, unit tests; no server
	cargo fmt --all --check
	cargo clippy --workspace --all-targets --all-features --locked -- -D warnings
	cargo test --locked -p hoopoe-e2e --test house
	cargo test --workspace --lib --bins --locked

.PHONY: charts
charts: ## Check the Helm charts: lint, unit tests, schemas of three Kubernetes minors, kube-score, a real API server
	@e2e/charts.sh
	cargo test --locked -p hoopoe-operator --test it charts::

.PHONY: charts-helm-three
charts-helm-three: ## The same with Helm 3 beside Helm 4 (builds it the first time: some four minutes)
	@HOOPOE_HELM3=$$(e2e/go-tools.sh helm3)/helm e2e/charts.sh
	HOOPOE_HELM=$$(e2e/go-tools.sh helm3)/helm cargo test --locked -p hoopoe-operator --test it charts::

.PHONY: api-test
api-test: ## Try the HTTP surface against its OpenAPI document with schemathesis
	HOOPOE_SCHEMATHESIS=$$(e2e/schemathesis.sh) cargo test --locked -p hoopoe --test it -- --ignored --nocapture schemathesis

.PHONY: bench
bench: ## Measure each part beside its limit in one run, and print the table of ratios
	@e2e/bench.sh

.PHONY: bench-operator
bench-operator: ## Measure the operator at HOOPOE_BENCH_RESOURCES resources (default 1000,5000): time to settle, requests, memory
	cargo bench --locked -p hoopoe-operator --bench settle

.PHONY: fuzz
fuzz: ## Fuzz the parser of NotifData for FUZZ_SECONDS (default 60)
	@fuzz/run.sh

.PHONY: generate
generate: ## Write the files anew that tests compare with what the code makes (CRDs, OpenAPI, golden files, charts); look at the difference
	HOOPOE_GENERATE=1 cargo test --quiet --locked --workspace --lib --test it -- the_children_of the_committed the_drawing
	charts/generate.sh

.PHONY: deny
deny: ## Check licences, sources and banned crates of the dependencies
	$$(e2e/prebuilt.sh cargo-deny) --log-level error check bans licenses sources
