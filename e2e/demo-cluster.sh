#!/usr/bin/env bash
# Shows Hoopoe in a cluster: builds the images, starts a Kubernetes cluster of two nodes on this machine, installs the
# operator with Helm, applies the example resources, sends a notification and polls it from the pods. The cluster keeps
# running; `make cluster-down` ends it.
set -euo pipefail
cd "$(dirname "$0")/.."

say() { printf '\n\033[1m%s\033[0m\n' "$*"; }

e2e/install.sh curl
say "Building the images (the first time: about ten minutes on two cores)"
images=$(HOOPOE_IMAGE_SBOM=no e2e/images.sh)
echo "$images"

say "Starting a cluster of two nodes (the first time it builds the programs: about ten minutes)"
e2e/cluster.sh up
export KUBECONFIG=$PWD/target/cluster/kubeconfig
PATH=$(e2e/go-tools.sh kubernetes kubectl):$(e2e/go-tools.sh helm):$PATH

declare -A reference
while read -r name folder _; do
    reference[$name]=$(e2e/cluster.sh push "$name:demo" "$folder")
done <<<"$images"

say "Installing the operator: helm install hoopoe-operator charts/hoopoe-operator"
helm upgrade --install hoopoe-operator charts/hoopoe-operator \
    --namespace hoopoe-system --create-namespace --wait --timeout 3m \
    --set "image.repository=${reference[hoopoe-operator]%:demo},image.tag=demo" \
    --set "worker.image.repository=${reference[hoopoe]%:demo},worker.image.tag=demo" >/dev/null
kubectl --namespace hoopoe-system get pods

say "Applying two resources: kubectl apply -f crds/examples"
kubectl apply -f crds/examples
kubectl wait --for=condition=Ready nprod/orders ncons/inbox --timeout=180s
kubectl get hoopoe
kubectl get pods --output wide

# The ports of this machine that are forwarded to Services until this script ends.
forwards=()
trap 'kill "${forwards[@]}" 2>/dev/null || true' EXIT
forward() { # SERVICE PORT
    ! curl -s --max-time 1 --output /dev/null "http://127.0.0.1:$2/" || {
        echo "another program already answers at port $2 of this machine" >&2
        exit 1
    }
    kubectl port-forward "service/$1" "$2:http" >/dev/null &
    forwards+=($!)
    for _ in $(seq 50); do
        curl -s --output /dev/null "http://127.0.0.1:$2/" && return
        sleep 0.1
    done
    echo "the Service $1 does not answer through port $2 of this machine" >&2
    exit 1
}
producer=http://127.0.0.1:18090 api=http://127.0.0.1:18091
forward orders-producer 18090
forward inbox-api 18091

say "Sending a notification: POST $producer/v1/notifications"
curl -fsS "$producer/v1/notifications" -H 'content-type: application/json' \
    -d '{"owner":"alice","kind":"order.shipped","title":"Order 1042 shipped","body":"It arrives on Monday."}'
echo

say "Polling it from the pods: GET $api/v1/owners/alice/feed"
for _ in $(seq 50); do
    feed=$(curl -fsS "$api/v1/owners/alice/feed")
    case $feed in *"Order 1042 shipped"*) break ;; esac
    sleep 0.1
done
echo "$feed"
case $feed in *"Order 1042 shipped"*) ;; *) exit 1 ;; esac

say "Try next"
cat <<EOF
  export KUBECONFIG=$KUBECONFIG PATH=$(dirname "$(command -v kubectl)"):\$PATH
  kubectl get hoopoe                                      both resources, their workers and backlog
  kubectl explain ncons.spec.queue.policy                 every field has an explanation
  kubectl scale ncons inbox --replicas=3                  more workers
  kubectl describe ncons inbox                            conditions and events
  kubectl -n hoopoe-system logs deploy/hoopoe-operator
  kubectl port-forward service/orders-producer 18090:http &
  kubectl port-forward service/inbox-api 18091:http &
  curl $api/notif/get/owner/alice
  target/debug/hoopoe ledger --producer $producer --api $api --rate 100 --for 20s      (and kill pods meanwhile)
  make cluster-down
EOF
