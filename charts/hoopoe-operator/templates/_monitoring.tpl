{{/*
"yes" if an object of another operator's kind is wanted: the mode is Enabled, or it is Auto and the cluster serves the
kind.
Called with (dict "root" $ "mode" MODE "kind" GROUP/VERSION/KIND).
*/}}
{{- define "hoopoe-operator.wants" -}}
{{- if or (eq .mode "Enabled") (and (eq .mode "Auto") (.root.Capabilities.APIVersions.Has .kind)) -}}
yes
{{- end -}}
{{- end -}}
