{{/*
The route from outside to a Service: an HTTPRoute or an Ingress.
Called with (dict "root" $ "route" ROUTE "service" NAME "port" PORT "component" NAME "paths" [{type, value}…]).
*/}}
{{- define "hoopoe.route" -}}
{{- $routes := .root.Values.routes -}}
{{- $paths := .route.paths | default .paths -}}
{{- $gateway := eq $routes.kind "HTTPRoute" -}}
{{- $parents := .route.parentRefs | default $routes.parentRefs -}}
{{- if and $gateway (not $parents) -}}
{{- fail (printf "the route to %s has no parentRefs: set routes.parentRefs or parentRefs of this route, because an HTTPRoute needs a Gateway" .service) -}}
{{- end -}}
---
apiVersion: {{ $gateway | ternary "gateway.networking.k8s.io/v1" "networking.k8s.io/v1" }}
kind: {{ $routes.kind }}
metadata:
  name: {{ .service }}
  namespace: {{ .root.Release.Namespace }}
  labels:
    {{- include "hoopoe.labels" (dict "root" .root "component" .component) | nindent 4 }}
  {{- with merge (dict) (.route.annotations | default dict) $routes.annotations }}
  annotations:
    {{- toYaml . | nindent 4 }}
  {{- end }}
spec:
{{- if $gateway }}
  parentRefs:
    {{- toYaml $parents | nindent 4 }}
  hostnames:
    {{- toYaml .route.hostnames | nindent 4 }}
  rules:
    - matches:
        {{- range $paths }}
        - path:
            type: {{ .type }}
            value: {{ .value | quote }}
        {{- end }}
      backendRefs:
        - name: {{ .service }}
          port: {{ .port }}
{{- else }}
  {{- with $routes.ingressClassName }}
  ingressClassName: {{ . }}
  {{- end }}
  {{- with .route.tlsSecret }}
  tls:
    - secretName: {{ . }}
      hosts:
        {{- toYaml $.route.hostnames | nindent 8 }}
  {{- end }}
  rules:
    {{- range .route.hostnames }}
    - host: {{ . | quote }}
      http:
        paths:
          {{- range $paths }}
          - path: {{ .value | quote }}
            pathType: {{ eq .type "Exact" | ternary "Exact" "Prefix" }}
            backend:
              service:
                name: {{ $.service }}
                port:
                  number: {{ $.port }}
          {{- end }}
    {{- end }}
{{- end }}
{{ end -}}
