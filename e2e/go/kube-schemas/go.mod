// Schemas of Kubernetes and of CRDs, as kubeconform takes them.
module hoopoe.app/e2e/kube-schemas

go 1.26.0

tool hoopoe.app/e2e/kube-schemas

require sigs.k8s.io/yaml v1.6.0

require go.yaml.in/yaml/v2 v2.4.2 // indirect
