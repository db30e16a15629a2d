{{/* What the values say of all resources alike: their broker, and the image where it is pinned. */}}
{{- define "hoopoe.sharedSpec" -}}
broker:
  secretRef:
    name: {{ .Values.broker.existingSecret }}
  {{- with .Values.broker.managementExistingSecret }}
  managementSecretRef:
    name: {{ . }}
  {{- end }}
{{- if .Values.image.pinned }}
image: {{ include "hoopoe.image" . }}
imagePullPolicy: {{ .Values.image.pullPolicy }}
{{- end }}
{{- /* A resource without an image of its own gets the operator's pull Secrets beside these. */}}
{{- with include "hoopoe.imagePullSecrets" . }}
{{ . }}
{{- end }}
{{- end -}}

{{/* What they say of all consumers beside it. */}}
{{- define "hoopoe.sharedStores" -}}
postgres:
  secretRef:
    name: {{ .Values.postgres.existingSecret }}
  {{- with .Values.postgres.migrationExistingSecret }}
  migrationSecretRef:
    name: {{ . }}
  {{- end }}
{{- with .Values.redis.existingSecret }}
redis:
  secretRef:
    name: {{ . }}
{{- end }}
{{- end -}}

{{/*
A spec over what is shared. A server that it names itself is its own whole: the shared Secret for the management of another broker would be
another's password. Called with (dict "shared" SPEC "own" SPEC).
*/}}
{{- define "hoopoe.mergedSpec" -}}
{{- $shared := .shared -}}
{{- range list "broker" "postgres" "redis" -}}
{{- if dig . "secretRef" "name" "" $.own -}}
{{- $shared = omit $shared . -}}
{{- end -}}
{{- end -}}
{{- mergeOverwrite $shared .own | toYaml -}}
{{- end -}}

{{/* The spec of a producer. Called with (dict "root" $ "spec" SPEC). */}}
{{- define "hoopoe.producerSpec" -}}
{{- $own := mergeOverwrite (deepCopy .root.Values.producerDefaults) (deepCopy .spec) -}}
{{- include "hoopoe.mergedSpec" (dict "shared" (include "hoopoe.sharedSpec" .root | fromYaml) "own" $own) -}}
{{- end -}}

{{/* The spec of a consumer. Called in the same way. */}}
{{- define "hoopoe.consumerSpec" -}}
{{- $own := mergeOverwrite (deepCopy .root.Values.consumerDefaults) (deepCopy .spec) -}}
{{- $shared := merge (include "hoopoe.sharedSpec" .root | fromYaml) (include "hoopoe.sharedStores" .root | fromYaml) -}}
{{- include "hoopoe.mergedSpec" (dict "shared" $shared "own" $own) -}}
{{- end -}}

{{/* The port of a producer's Service. Called with its spec. */}}
{{- define "hoopoe.ingestPort" -}}
{{- dig "ingress" "http" "port" 8080 . | int -}}
{{- end -}}

{{/* The port of an inbox API's Service; nothing where there is no API. Called with the consumer's spec. */}}
{{- define "hoopoe.apiPort" -}}
{{- if dig "api" "enabled" true . -}}
{{- dig "api" "port" 8080 . | int -}}
{{- end -}}
{{- end -}}
