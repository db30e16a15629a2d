{{/* What all resources share: their broker, and the image if it is pinned. */}}
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
{{- /* A resource without an image of its own also gets the operator's pull Secrets. */}}
{{- with include "hoopoe.imagePullSecrets" . }}
{{ . }}
{{- end }}
{{- end -}}

{{/* What all consumers share besides: Postgres and Redis. */}}
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
A spec, merged over what is shared. If it names a Secret for a server, nothing shared of that server is used: the shared
management Secret, for example, holds the password of another broker. Called with (dict "shared" SPEC "own" SPEC).
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

{{/* The spec of a consumer. Called with (dict "root" $ "spec" SPEC). */}}
{{- define "hoopoe.consumerSpec" -}}
{{- $own := mergeOverwrite (deepCopy .root.Values.consumerDefaults) (deepCopy .spec) -}}
{{- $shared := merge (include "hoopoe.sharedSpec" .root | fromYaml) (include "hoopoe.sharedStores" .root | fromYaml) -}}
{{- include "hoopoe.mergedSpec" (dict "shared" $shared "own" $own) -}}
{{- end -}}

{{/* The port of a producer's Service. Called with its spec. */}}
{{- define "hoopoe.ingestPort" -}}
{{- dig "ingress" "http" "port" 8080 . | int -}}
{{- end -}}

{{/* The port of the Service of an inbox API; empty if there is no API. Called with the consumer's spec. */}}
{{- define "hoopoe.apiPort" -}}
{{- if dig "api" "enabled" true . -}}
{{- dig "api" "port" 8080 . | int -}}
{{- end -}}
{{- end -}}
