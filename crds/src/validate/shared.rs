//! The rules that both kinds share: how and where workers run, and the servers they talk to.

use crate::{
    duration::Span,
    secrets::{BrokerRef, PostgresRef, RedisRef, TlsRef},
    workload::{IntOrPercent, Rollout, Workload},
};

use super::Rules;

impl Rules {
    pub(super) fn workload(&mut self, workload: &Workload) {
        self.require(workload.replicas >= 0, "spec.replicas", "must be at least 0");
        self.length("spec.image", workload.image.as_deref(), 1024);
        let pull = workload.image_pull_policy.as_deref();
        let holds = pull.is_none_or(|policy| ["Always", "IfNotPresent", "Never"].contains(&policy));
        self.require(holds, "spec.imagePullPolicy", "must be Always, IfNotPresent or Never");
        self.at_most("spec.imagePullSecrets", workload.image_pull_secrets.len(), 16);
        for (index, secret) in workload.image_pull_secrets.iter().enumerate() {
            self.object_name(&format!("spec.imagePullSecrets[{index}].name"), Some(&secret.name));
        }
        self.at_most("spec.labels", workload.labels.len(), 64);
        self.at_most("spec.annotations", workload.annotations.len(), 64);
        self.at_most("spec.extraEnv", workload.extra_env.len(), 128);
        if let Some(placement) = &workload.placement {
            let seconds = placement.toleration_seconds;
            self.require(seconds >= 0, "spec.placement.tolerationSeconds", "must be at least 0");
            self.object_name("spec.placement.priorityClassName", placement.priority_class_name.as_deref());
            self.at_most("spec.placement.nodeSelector", placement.node_selector.len(), 64);
            self.at_most("spec.placement.tolerations", placement.tolerations.len(), 128);
        }
        if let Some(rollout) = &workload.rollout {
            self.rollout(rollout);
        }
        let disruption = workload.disruption.as_ref().map(|disruption| &disruption.max_unavailable);
        self.share("spec.disruption.maxUnavailable", disruption);
        if let Some(account) = &workload.service_account {
            self.object_name("spec.serviceAccount.name", account.name.as_deref());
            self.at_most("spec.serviceAccount.annotations", account.annotations.len(), 64);
        }
        if let Some(service) = &workload.service {
            let kind = service.kind.as_deref();
            let holds = kind.is_none_or(|kind| ["ClusterIP", "NodePort", "LoadBalancer"].contains(&kind));
            self.require(holds, "spec.service.type", "must be ClusterIP, NodePort or LoadBalancer");
            self.at_most("spec.service.annotations", service.annotations.len(), 64);
        }
        if let Some(monitoring) = &workload.monitoring {
            self.over_zero("spec.monitoring.interval", monitoring.interval);
            self.at_most("spec.monitoring.labels", monitoring.labels.len(), 64);
        }
        if let Some(policy) = &workload.network_policy {
            self.at_most("spec.networkPolicy.ingressFrom", policy.ingress_from.len(), 128);
            self.at_most("spec.networkPolicy.egressTo", policy.egress_to.len(), 128);
        }
        if let Some(telemetry) = &workload.telemetry {
            let holds = telemetry.sample_ratio.as_deref().is_none_or(is_ratio);
            self.require(holds, "spec.telemetry.sampleRatio", "must be a decimal from \"0\" to \"1\"");
            let is_url = |url: &str| {
                let host = url.strip_prefix("http://").or_else(|| url.strip_prefix("https://"));
                host.is_some_and(|host| !host.is_empty()) && url.chars().count() <= 2048
            };
            let holds = telemetry.otlp_endpoint.as_deref().is_none_or(is_url);
            let detail = "must start with http:// or https://, and have at most 2048 characters";
            self.require(holds, "spec.telemetry.otlpEndpoint", detail);
        }
    }

    fn rollout(&mut self, rollout: &Rollout) {
        let (surge, unavailable) = (rollout.max_surge.as_ref(), rollout.max_unavailable.as_ref());
        self.share("spec.rollout.maxSurge", surge);
        self.share("spec.rollout.maxUnavailable", unavailable);
        let stuck = surge.is_some_and(IntOrPercent::is_zero) && unavailable.is_some_and(IntOrPercent::is_zero);
        let detail = "must not have maxSurge and maxUnavailable both 0: a rollout could then replace no pod";
        self.require(!stuck, "spec.rollout", detail);
        let ready = rollout.min_ready_seconds.is_none_or(|seconds| seconds >= 0);
        self.require(ready, "spec.rollout.minReadySeconds", "must be at least 0");
        self.over_zero("spec.rollout.progressDeadline", rollout.progress_deadline);
        let kept = rollout.revision_history_limit;
        self.require(kept >= 0, "spec.rollout.revisionHistoryLimit", "must be at least 0");
    }

    fn share(&mut self, field: &str, share: Option<&IntOrPercent>) {
        let holds = share.is_none_or(IntOrPercent::is_valid);
        let detail = "must be a number from 0 to 999999999, or a percentage from \"0%\" to \"100%\"";
        self.require(holds, field, detail);
    }

    pub(super) fn broker(&mut self, broker: &BrokerRef) {
        self.object_name("spec.broker.secretRef.name", Some(&broker.secret_ref.name));
        let management = broker.management_secret_ref.as_ref();
        self.object_name("spec.broker.managementSecretRef.name", management.map(|secret| secret.name.as_str()));
        self.length("spec.broker.vhost", broker.vhost.as_deref(), 255);
        self.tls("spec.broker.tls", broker.tls.as_ref());
    }

    pub(super) fn postgres(&mut self, postgres: &PostgresRef) {
        self.object_name("spec.postgres.secretRef.name", Some(&postgres.secret_ref.name));
        let migration = postgres.migration_secret_ref.as_ref();
        self.object_name("spec.postgres.migrationSecretRef.name", migration.map(|secret| secret.name.as_str()));
        self.tls("spec.postgres.tls", postgres.tls.as_ref());
    }

    pub(super) fn redis(&mut self, redis: &RedisRef) {
        self.object_name("spec.redis.secretRef.name", Some(&redis.secret_ref.name));
        self.tls("spec.redis.tls", redis.tls.as_ref());
    }

    fn tls(&mut self, field: &str, tls: Option<&TlsRef>) {
        let Some(tls) = tls else { return };
        let names = [("caSecretRef", &tls.ca_secret_ref), ("certSecretRef", &tls.cert_secret_ref)];
        for (name, secret) in names {
            self.object_name(&format!("{field}.{name}.name"), secret.as_ref().map(|secret| secret.name.as_str()));
        }
        self.length(&format!("{field}.serverName"), tls.server_name.as_deref(), 253);
    }

    /// A text that is there has at least one character.
    fn length(&mut self, field: &str, text: Option<&str>, max: usize) {
        let holds = text.is_none_or(|text| (1..=max).contains(&text.chars().count()));
        self.require(holds, field, format!("must have 1 to {max} characters"));
    }

    pub(super) fn at_most(&mut self, field: &str, count: usize, max: usize) {
        self.require(count <= max, field, format!("must have at most {max} entries"));
    }

    pub(super) fn over_zero(&mut self, field: &str, span: Option<Span>) {
        self.require(span.is_none_or(|span| !span.0.is_zero()), field, "must be over 0");
    }

    fn object_name(&mut self, field: &str, name: Option<&str>) {
        let is_word = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
        let is_label = |label: &str| {
            label.starts_with(is_word) && label.ends_with(is_word) && label.chars().all(|c| is_word(c) || c == '-')
        };
        let holds = name.is_none_or(|name| name.len() <= 253 && name.split('.').all(is_label));
        let detail = "must be the name of a Kubernetes object: at most 253 lower-case letters, digits, - and .";
        self.require(holds, field, detail);
    }
}

/// As the API server's pattern has it: `0`, `0.25`, `1`, `1.0`.
fn is_ratio(text: &str) -> bool {
    let (whole, fraction) = text.split_once('.').map_or((text, None), |(whole, fraction)| (whole, Some(fraction)));
    let digits = fraction.is_none_or(|digits| !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit()));
    let most = fraction.is_none_or(|digits| digits.bytes().all(|byte| byte == b'0'));
    text.len() <= 16 && digits && (whole == "0" || (whole == "1" && most))
}
