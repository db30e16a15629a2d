//! Each directive, and the order of lists. That the API server answers the same is tested in
//! `operator/tests/it/apply/pod_template.rs`.

use serde_json::json;

use super::*;

#[track_caller]
#[allow(clippy::needless_pass_by_value)] // Reads better at every call.
fn merged(mut template: Value, patch: Value) -> Value {
    merge(&mut template, &patch).unwrap();
    template
}

fn names(value: &Value) -> Vec<String> {
    value.as_array().unwrap().iter().map(|item| item["name"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn maps_merge_and_null_and_delete_remove() {
    let template = json!({"spec": {"a": {"x": 1, "y": 2}, "b": {"z": 3}, "c": 4}});
    let patch = json!({"spec": {"a": {"x": 5}, "b": {"$patch": "delete"}, "c": null, "d": {"e": null, "f": 6}}});
    assert_eq!(merged(template, patch), json!({"spec": {"a": {"x": 5, "y": 2}, "d": {"f": 6}}}));
}

#[test]
fn replace_takes_the_patch_as_it_is() {
    let template =
        json!({"spec": {"securityContext": {"runAsNonRoot": true, "seccompProfile": {"type": "RuntimeDefault"}}}});
    let patch = json!({"spec": {"securityContext": {"$patch": "replace", "runAsUser": 5}}});
    assert_eq!(merged(template, patch), json!({"spec": {"securityContext": {"runAsUser": 5}}}));
    let template = json!({"spec": {"containers": [{"name": "a"}, {"name": "b"}]}});
    let patch = json!({"spec": {"containers": [{"name": "c"}, {"$patch": "replace"}]}});
    assert_eq!(merged(template, patch), json!({"spec": {"containers": [{"name": "c"}]}}));
}

#[test]
fn each_list_is_merged_by_its_own_key() {
    let cases = [
        ("containers", "name"),
        ("initContainers", "name"),
        ("volumes", "name"),
        ("imagePullSecrets", "name"),
        ("hostAliases", "ip"),
        ("topologySpreadConstraints", "topologyKey"),
        ("schedulingGates", "name"),
        ("resourceClaims", "name"),
    ];
    for (list, key) in cases {
        let template = json!({"spec": {list: [{key: "a", "x": 1, "y": 1}, {key: "b"}]}});
        let patch = json!({"spec": {list: [{key: "a", "x": 2}, {key: "b", "$patch": "delete"}]}});
        assert_eq!(merged(template, patch), json!({"spec": {list: [{key: "a", "x": 2, "y": 1}]}}), "{list}");
    }
    let of_container =
        [("ports", "containerPort"), ("env", "name"), ("volumeMounts", "mountPath"), ("volumeDevices", "devicePath")];
    for (list, key) in of_container {
        let containers = |items: Value| json!({"spec": {"containers": [{"name": "c", list: items}]}});
        let merged = merged(containers(json!([{key: "a", "x": 1}])), containers(json!([{key: "a", "y": 2}])));
        assert_eq!(merged, containers(json!([{key: "a", "x": 1, "y": 2}])), "{list}");
    }
}

#[test]
fn lists_without_a_key_are_replaced() {
    for list in ["tolerations", "readinessGates"] {
        let template = json!({"spec": {list: [{"key": "a"}, {"key": "b"}]}});
        assert_eq!(merged(template, json!({"spec": {list: [{"key": "c"}]}})), json!({"spec": {list: [{"key": "c"}]}}));
    }
    let command = |words: Value| json!({"spec": {"containers": [{"name": "c", "command": words}]}});
    assert_eq!(merged(command(json!(["a", "b"])), command(json!(["c"]))), command(json!(["c"])));
}

#[test]
fn what_is_new_comes_before_what_was_there_and_the_patchs_own_order_counts() {
    let env = |names: &[&str]| {
        let items: Vec<_> = names.iter().map(|name| json!({ "name": name })).collect();
        json!({"spec": {"containers": [{"name": "c", "env": items}]}})
    };
    let order =
        |before: &[&str], patch: &[&str]| names(&merged(env(before), env(patch))["spec"]["containers"][0]["env"]);
    assert_eq!(order(&["a", "b"], &["new"]), ["new", "a", "b"]);
    assert_eq!(order(&["a", "b", "c"], &["c", "a"]), ["b", "c", "a"]);
    assert_eq!(order(&["a", "b", "c"], &["b", "new"]), ["a", "b", "new", "c"]);
}

#[test]
fn the_order_of_elements_can_be_set_with_and_without_a_patch_of_the_list() {
    let template = json!({"spec": {"initContainers": [{"name": "a"}, {"name": "b"}, {"name": "c"}]}});
    let order = json!([{"name": "c"}, {"name": "a"}, {"name": "new"}]);
    let alone = json!({"spec": {"$setElementOrder/initContainers": order.clone()}});
    assert_eq!(names(&merged(template.clone(), alone)["spec"]["initContainers"]), ["b", "c", "a"]);
    let both = json!({"spec": {"$setElementOrder/initContainers": order, "initContainers": [{"name": "new"}]}});
    let after = merged(template, both);
    assert_eq!(names(&after["spec"]["initContainers"]), ["b", "c", "a", "new"]);
    assert_eq!(after["spec"].as_object().unwrap().len(), 1, "no directive is left over");
}

#[test]
fn retained_keys_are_all_that_stays() {
    let template = json!({"spec": {"volumes": [{"name": "v", "emptyDir": {}}]}});
    let volume = json!({"name": "v", "$retainKeys": ["name", "configMap"], "configMap": {"name": "m"}});
    let after = merged(template.clone(), json!({"spec": {"volumes": [volume]}}));
    assert_eq!(after, json!({"spec": {"volumes": [{"name": "v", "configMap": {"name": "m"}}]}}));
    let volume = json!({"name": "v", "$retainKeys": ["name"], "configMap": {"name": "m"}});
    let error = merge(&mut template.clone(), &json!({"spec": {"volumes": [volume]}})).unwrap_err();
    assert_eq!(error.path, "spec.volumes[0].$retainKeys");
}

#[test]
fn primitives_are_deleted_from_lists_and_sets_hold_each_once() {
    let template = json!({"metadata": {"finalizers": ["a", "b"]}});
    let patch = json!({"metadata": {"finalizers": ["b", "c"], "$deleteFromPrimitiveList/finalizers": ["a"]}});
    assert_eq!(merged(template, patch), json!({"metadata": {"finalizers": ["b", "c"]}}));
}

#[test]
fn directives_inside_what_is_new_leave_nothing_behind() {
    let patch = json!({"spec": {
        "volumes": [{"name": "v", "$retainKeys": ["name", "emptyDir"], "emptyDir": {}}],
        "affinity": {"$patch": "replace", "nodeAffinity": {}},
        "dnsConfig": {"$patch": "delete"},
        "containers": [{"name": "gone", "$patch": "delete"}],
    }});
    let volumes = json!([{"name": "v", "emptyDir": {}}]);
    let expected = json!({"spec": {"affinity": {"nodeAffinity": {}}, "containers": [], "volumes": volumes}});
    assert_eq!(merged(json!({}), patch), expected);
}
