{{/*
The producer and the consumer that `helm test` uses, as "PRODUCER CONSUMER": the first pair whose consumer binds the
producer's exchange; empty if there is none.
*/}}
{{- define "hoopoe.testedPair" -}}
{{- $pairs := list -}}
{{- range $producer, $p := .Values.producers -}}
{{- range $consumer, $c := $.Values.consumers -}}
{{- $spec := include "hoopoe.consumerSpec" (dict "root" $ "spec" $c.spec) | fromYaml -}}
{{- $wanted := and (has $.Values.test.producer (list "" $producer)) (has $.Values.test.consumer (list "" $consumer)) -}}
{{- if and $wanted (include "hoopoe.apiPort" $spec) -}}
{{- range $spec.bindings -}}
{{- if eq .exchange $p.spec.exchange.name -}}
{{- $pairs = append $pairs (printf "%s %s" $producer $consumer) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- if and (not $pairs) (or .Values.test.producer .Values.test.consumer) -}}
{{- fail "test.producer and test.consumer select no pair: the consumer must have an API and a binding to the exchange of the producer" -}}
{{- end -}}
{{- if $pairs -}}
{{- first $pairs -}}
{{- end -}}
{{- end -}}
