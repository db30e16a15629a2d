{{/* The labels of every object. Called with (dict "root" $ "component" NAME). */}}
{{- define "hoopoe.labels" -}}
{{- with .root.Values.labels }}
{{- toYaml . }}
{{ end -}}
app.kubernetes.io/name: hoopoe
app.kubernetes.io/instance: {{ .root.Release.Name }}
app.kubernetes.io/component: {{ .component }}
app.kubernetes.io/part-of: hoopoe
app.kubernetes.io/managed-by: {{ .root.Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .root.Chart.Name .root.Chart.Version | replace "+" "_" }}
{{- end -}}
