{{/*
The reference of an image. Its digest wins over its tag, and its own registry over the global one.
Called with (dict "root" $ "image" VALUES).
*/}}
{{- define "hoopoe-operator.image" -}}
{{- $registry := .image.registry | default .root.Values.global.imageRegistry -}}
{{- $name := .image.repository -}}
{{- if $registry -}}
{{- $name = printf "%s/%s" (trimSuffix "/" $registry) $name -}}
{{- end -}}
{{- if .image.digest -}}
{{- printf "%s@%s" $name .image.digest -}}
{{- else -}}
{{- printf "%s:%s" $name (.image.tag | default .root.Chart.AppVersion) -}}
{{- end -}}
{{- end -}}

{{/*
The names of pull Secrets, one per line, each once. An entry is a name or {name: …}, because charts use both forms.
Called with a list of lists.
*/}}
{{- define "hoopoe-operator.pullSecretNames" -}}
{{- $names := list -}}
{{- range . -}}
{{- range . -}}
{{- $names = append $names (kindIs "string" . | ternary . (get (kindIs "string" . | ternary dict .) "name")) -}}
{{- end -}}
{{- end -}}
{{- $names | uniq | join "\n" -}}
{{- end -}}

{{/* The pull Secrets as the field of a pod. */}}
{{- define "hoopoe-operator.imagePullSecrets" -}}
{{- with include "hoopoe-operator.pullSecretNames" (list .Values.imagePullSecrets .Values.global.imagePullSecrets) -}}
imagePullSecrets:
{{- range splitList "\n" . }}
  - name: {{ . }}
{{- end }}
{{- end -}}
{{- end -}}
