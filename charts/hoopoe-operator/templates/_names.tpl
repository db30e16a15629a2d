{{/* The name of the objects. By default it is that of the release, if that contains the name of the chart. */}}
{{- define "hoopoe-operator.fullname" -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride | trunc 50 | trimSuffix "-" -}}
{{- else if contains .Chart.Name .Release.Name -}}
{{- .Release.Name | trunc 50 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name .Chart.Name | trunc 50 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}

{{- define "hoopoe-operator.serviceAccountName" -}}
{{- if .Values.serviceAccount.create -}}
{{- .Values.serviceAccount.name | default (include "hoopoe-operator.fullname" .) -}}
{{- else -}}
{{- .Values.serviceAccount.name | default "default" -}}
{{- end -}}
{{- end -}}

{{/* The Secrets for registered resources: broker=NAME,postgres=NAME,redis=NAME. */}}
{{- define "hoopoe-operator.registerSecrets" -}}
{{- $parts := list (printf "broker=%s" .Values.register.secrets.broker) (printf "postgres=%s" .Values.register.secrets.postgres) -}}
{{- with .Values.register.secrets.redis -}}
{{- $parts = append $parts (printf "redis=%s" .) -}}
{{- end -}}
{{- join "," $parts -}}
{{- end -}}
