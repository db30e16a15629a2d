{{/* What every pod of this chart has. It is restricted, and the image or the cluster chooses the user id. */}}
{{- define "hoopoe-operator.podBasics" -}}
{{- with include "hoopoe-operator.imagePullSecrets" . }}
{{- . }}
{{ end -}}
serviceAccountName: {{ include "hoopoe-operator.serviceAccountName" . }}
automountServiceAccountToken: true
# Service links would set variables for each Service here, and the operator reads variables as flags.
enableServiceLinks: false
securityContext:
  {{- toYaml .Values.podSecurityContext | nindent 2 }}
{{- with .Values.priorityClassName }}
priorityClassName: {{ . }}
{{- end }}
{{- with .Values.nodeSelector }}
nodeSelector:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.tolerations }}
tolerations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end -}}

{{/* What every container of this chart has. */}}
{{- define "hoopoe-operator.containerBasics" -}}
image: {{ include "hoopoe-operator.image" (dict "root" . "image" .Values.image) | quote }}
imagePullPolicy: {{ .Values.image.pullPolicy }}
securityContext:
  {{- toYaml .Values.securityContext | nindent 2 }}
env:
  - name: HOOPOE_LOG
    value: {{ .Values.logLevel | quote }}
  {{- with .Values.extraEnv }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
resources:
  {{- toYaml .Values.resources | nindent 2 }}
{{- end -}}

{{/* The Lease and the watched namespaces: the same arguments for `run`, `check` and `release`. */}}
{{- define "hoopoe-operator.scopeArgs" -}}
- --lease-namespace={{ .Release.Namespace }}
- --lease-name={{ include "hoopoe-operator.fullname" . }}
{{- range .Values.watchNamespaces }}
- --watch-namespace={{ . }}
{{- end }}
{{- end -}}
