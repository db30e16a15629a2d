{{/* The labels that select the operator's pods. They never change, because the selector of a Deployment cannot. */}}
{{- define "hoopoe-operator.selectorLabels" -}}
app.kubernetes.io/name: hoopoe-operator
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/component: operator
{{- end -}}

{{/*
The labels of every object, except selectors. `component` is the component of the object.
Called with (dict "root" $ "component" NAME).
*/}}
{{- define "hoopoe-operator.labels" -}}
{{- with .root.Values.labels }}
{{- toYaml . }}
{{ end -}}
app.kubernetes.io/name: hoopoe-operator
app.kubernetes.io/instance: {{ .root.Release.Name }}
app.kubernetes.io/component: {{ .component | default "operator" }}
app.kubernetes.io/part-of: hoopoe
app.kubernetes.io/version: {{ .root.Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .root.Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .root.Chart.Name .root.Chart.Version | replace "+" "_" }}
{{- end -}}
