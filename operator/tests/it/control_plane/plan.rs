//! `plan`: what rolls, what changes, and what is lost. It writes nothing.

use hoopoe_e2e::Folder;
use hoopoe_operator::cli::plan::{self, Output, PlanArgs, SpecVerdict, TopologyPlan};
use kube::Client;

use super::{commands::run, kit::Kit};
use crate::testkit::{client::client, wait::eventually};

const PRODUCER: &str = "exchange: {name: planned}";
const CONSUMER: &str = "queue: {name: planned}, bindings: [{exchange: planned, routingKey: 'order.*'}]";

fn document(namespace: &str, kind: &str, name: &str, spec: &str) -> String {
    let stores = if kind == "NotifConsumer" {
        "postgres: {secretRef: {name: pg}}, redis: {secretRef: {name: redis}}, "
    } else {
        ""
    };
    format!(
        "{{apiVersion: hoopoe.app/v1alpha1, kind: {kind}, metadata: {{name: {name}, namespace: {namespace}}}, spec: \
         {{broker: {{secretRef: {{name: rabbit}}}}, {stores}{spec}}}}}\n---\n"
    )
}

async fn planned(client: &Client, folder: &Folder, text: &str) -> plan::Plan {
    let file = folder.path().join("plan.yaml");
    std::fs::write(&file, text).unwrap();
    let args = PlanArgs { filenames: vec![file], output: Output::Text, field_manager: "kubectl".to_owned() };
    plan::plan(client, &args).await.unwrap()
}

/// Manifests that the API server refuses, that the operator's own rules refuse, and that another resource's claim
/// refuses.
async fn refusals(client: &Client, folder: &Folder) {
    let wrong =
        planned(client, folder, &document("planned", "NotifConsumer", "inbox", &format!("{CONSUMER}, replicas: -1")))
            .await;
    assert!(wrong.is_refused() && wrong.print(Output::Text).contains("spec.replicas"), "{wrong:#?}");
    let template = format!("{CONSUMER}, podTemplate: {{spec: {{containers: [{{name: hoopoe, $patch: delete}}]}}}}");
    let wrong = planned(client, folder, &document("planned", "NotifConsumer", "inbox", &template)).await;
    assert!(wrong.is_refused() && wrong.print(Output::Text).contains("spec.podTemplate"), "{wrong:#?}");
    let rival = planned(client, folder, &document("planned", "NotifConsumer", "rival", CONSUMER)).await;
    assert!(rival.print(Output::Text).contains("PROBLEM: the queue planned belongs to planned/inbox"), "{rival:#?}");
    let nowhere = planned(client, folder, &document("nowhere", "NotifProducer", "planner", PRODUCER)).await;
    assert!(nowhere.is_refused() && nowhere.print(Output::Text).contains("nowhere"), "{nowhere:#?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_plan_says_what_rolls_what_changes_and_what_is_lost() {
    let kit = Kit::shared().await;
    let client = client(kit.plane.kubeconfig()).await;
    let folder = Folder::new().unwrap();
    let shop = kit.namespace("planned").await;

    let both = document("planned", "NotifProducer", "planner", PRODUCER)
        + &document("planned", "NotifConsumer", "inbox", CONSUMER);
    let fresh = planned(&client, &folder, &both).await;
    println!("{}", fresh.print(Output::Text));
    assert!(fresh.resources.iter().all(|resource| resource.verdict == SpecVerdict::Created), "{fresh:#?}");
    assert_eq!(fresh.resources[0].pods, ["planner-producer: 1 start"]);
    assert_eq!(fresh.resources[1].pods, ["inbox-consumer: 1 start", "inbox-api: 2 start"]);
    let text = fresh.print(Output::Text);
    assert!(text.contains("broker  declare the topic exchange planned"), "{text}");
    assert!(text.contains("broker  declare the quorum queue planned\n"), "{text}");
    assert!(text.contains("broker  bind the queue to planned, once its producer has declared it"), "{text}");
    let alone =
        planned(&client, &folder, &document("planned", "NotifConsumer", "inbox", CONSUMER)).await.print(Output::Text);
    assert!(alone.contains("broker  PROBLEM: the exchange planned does not exist"), "{alone}");
    assert!(shop.kubectl(&["get", "nprod,ncons,deploy", "-o", "name"]).await.is_empty(), "nothing was written");
    assert!(kit.broker("/api/queues/%2F/planned").await.is_null());

    shop.producer("planner", PRODUCER).await;
    shop.ready("nprod/planner").await;
    shop.consumer("inbox", CONSUMER).await;
    shop.ready("ncons/inbox").await;
    let before = shop.quiet_versions().await;
    let same = planned(&client, &folder, &both).await;
    let unchanged = "NotifProducer planned/planner: nothing changes\nNotifConsumer planned/inbox: nothing changes\n";
    assert_eq!(same.print(Output::Text), unchanged);

    // The pods here run nothing, so no worker drains the queue.
    for _ in 0..10 {
        assert!(kit.publish("planned", "order.new").await);
    }
    let waiting = async || kit.broker("/api/queues/%2F/planned").await["messages_ready"] == 10;
    eventually("ten messages wait", waiting).await;

    let changed = "queue: {name: planned, policy: {maxLength: 4, overflow: DropHead}}, replicas: 3, consume: \
                   {prefetch: 50}, \
                   bindings: [{exchange: planned, routingKey: 'user.*'}]";
    let change = planned(&client, &folder, &document("planned", "NotifConsumer", "inbox", changed)).await;
    println!("{}\n{}", change.print(Output::Text), change.print(Output::Markdown));
    let [consumer] = change.resources.as_slice() else { panic!("{change:#?}") };
    let SpecVerdict::Changed(fields) = &consumer.verdict else { panic!("{change:#?}") };
    let paths: Vec<&str> = fields.iter().map(|field| field.path.as_str()).collect();
    let expected = [
        "spec.bindings",
        "spec.consume.prefetch",
        "spec.queue.policy.maxLength",
        "spec.queue.policy.overflow",
        "spec.replicas",
    ];
    assert_eq!(paths, expected);
    assert_eq!(
        consumer.pods,
        ["inbox-consumer: 1 roll", "inbox-consumer: from 1 to 3"],
        "the inbox API is not changed"
    );
    let TopologyPlan::Known { changes, findings } = &consumer.topology else { panic!("{change:#?}") };
    assert_eq!(findings, &[""; 0]);
    let said = changes.join("\n");
    for part in [
        "set the policy hoopoe.planned.inbox on",
        "with the key \"user.*\"",
        "unbind the queue planned from planned with the key \"order.*\"",
    ] {
        assert!(said.contains(part), "{said}");
    }
    assert_eq!(
        consumer.losses,
        [
            "6 of the 10 messages in planned are over maxLength: the oldest are dropped",
            "when planned is full, it drops its oldest message, and no sender gets an error",
            "messages that are published to planned with the key \"order.*\" no longer reach planned",
        ]
    );
    let markdown = change.print(Output::Markdown);
    assert!(
        markdown.contains("| **see below** |") && markdown.contains("| `spec.replicas` | `1` | `3` |"),
        "{markdown}"
    );

    refusals(&client, &folder).await;

    // A Secret that does not exist, and a name that another object has.
    let other = "broker: {secretRef: {name: none}}, exchange: {name: other}";
    let text =
        document("planned", "NotifProducer", "other", "").replace("broker: {secretRef: {name: rabbit}}, ", other);
    shop.kubectl(&["create", "service", "clusterip", "other-producer", "--tcp=80"]).await;
    let missing = planned(&client, &folder, &text).await.print(Output::Text);
    assert!(missing.contains("broker  not known:") && missing.contains("none"), "{missing}");
    assert!(missing.contains("the Service other-producer exists and does not belong to this resource"), "{missing}");
    assert_eq!(shop.versions().await.iter().filter(|line| !line.contains("other-producer")).count(), before.len());
    assert!(
        shop.versions().await.iter().all(|line| before.contains(line) || line.contains("other-producer")),
        "nothing moved"
    );

    // Through the command line.
    let file = folder.path().join("plan.yaml");
    let (well, said, complaint) =
        run(kit.plane.kubeconfig(), &["plan", "-f", file.to_str().unwrap(), "-o", "markdown"]).await;
    assert!(well && said.starts_with("## Plan"), "{said}{complaint}");
    std::fs::write(&file, document("nowhere", "NotifProducer", "planner", PRODUCER)).unwrap();
    let (well, said, complaint) = run(kit.plane.kubeconfig(), &["plan", "-f", file.to_str().unwrap()]).await;
    assert!(!well && said.contains("refused") && complaint.contains("would be refused"), "{said}{complaint}");
}
