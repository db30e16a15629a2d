{{/* "yes" where a kind of another operator is wanted: asked for, or Auto and served. Called with (dict "root" $ "mode" MODE "kind" GROUP/VERSION/KIND). */}}
{{- define "hoopoe-operator.wants" -}}
{{- if or (eq .mode "Enabled") (and (eq .mode "Auto") (.root.Capabilities.APIVersions.Has .kind)) -}}
yes
{{- end -}}
{{- end -}}
