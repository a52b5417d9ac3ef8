{{- define "litemaas.name" -}}
{{- if contains "litemaas" .Release.Name }}{{ .Release.Name | trunc 40 | trimSuffix "-" }}{{ else }}{{ printf "%s-litemaas" .Release.Name | trunc 40 | trimSuffix "-" }}{{ end -}}
{{- end }}

{{- define "litemaas.selector" -}}
app.kubernetes.io/name: litemaas
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "litemaas.labels" -}}
{{ include "litemaas.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ .Chart.Name }}-{{ .Chart.Version }}
{{- end }}

{{- define "litemaas.image" -}}
{{- if .Values.image.digest }}{{ .Values.image.repository }}@{{ .Values.image.digest }}{{ else }}{{ .Values.image.repository }}:{{ .Values.image.tag | default .Chart.AppVersion }}{{ end -}}
{{- end }}

{{- define "litemaas.host" -}}
{{ (urlParse .Values.publicUrl).hostname }}
{{- end }}

{{- define "litemaas.portOf" -}}
{{- $parts := urlParse . }}{{ $port := regexFind ":[0-9]+$" $parts.host | trimPrefix ":" -}}
{{ $port | default (ternary "443" "80" (eq $parts.scheme "https")) }}
{{- end }}

{{- define "litemaas.serviceAccountClient" -}}
{{- if and (eq .Values.auth.provider "openshift") .Values.auth.openshift.serviceAccountClient }}true{{ end -}}
{{- end }}

{{/* Where the pod security standard "restricted" looks. No user id: OpenShift picks one, elsewhere the image's holds. */}}
{{- define "litemaas.podSecurity" -}}
runAsNonRoot: true
seccompProfile: {type: RuntimeDefault}
{{- end }}

{{- define "litemaas.containerSecurity" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities: {drop: [ALL]}
{{- end }}

{{- define "litemaas.databaseEnv" -}}
{{- if .Values.trial.enabled }}
- name: POSTGRES_PASSWORD
  valueFrom: {secretKeyRef: {name: {{ .Values.existingSecret }}, key: POSTGRES_PASSWORD}}
- name: DATABASE_URL
  value: postgresql://postgres:$(POSTGRES_PASSWORD)@{{ include "litemaas.name" . }}-postgres:5432/litemaas
{{- else }}
- name: DATABASE_URL
  valueFrom: {secretKeyRef: {name: {{ .Values.existingSecret }}, key: DATABASE_URL}}
{{- end }}
{{- end }}

{{- define "litemaas.env" -}}
{{- $name := include "litemaas.name" . }}
{{- $secrets := list "LITELLM_MASTER_KEY" "LITELLM_WEBHOOK_SECRET" "SESSION_SECRET" }}
{{- if not (include "litemaas.serviceAccountClient" .) }}{{ $secrets = append $secrets "OAUTH_CLIENT_SECRET" }}{{ end }}
{{- $env := dict "PUBLIC_URL" .Values.publicUrl "AUTH_PROVIDER" .Values.auth.provider "HOST" "0.0.0.0" "PORT" "8080" "METRICS_PORT" "9090" }}
{{- $_ := set $env "LITELLM_BASE_URL" (.Values.litellm.baseUrl | default (ternary (printf "http://%s-litellm:4000" $name) "" .Values.trial.enabled)) }}
{{- $_ := set $env "LITELLM_PUBLIC_URL" .Values.litellm.publicUrl }}
{{- with .Values.tracing.endpoint }}{{ $_ := set $env "OTEL_EXPORTER_OTLP_ENDPOINT" . }}{{ end }}
{{- if eq .Values.auth.provider "openshift" }}
{{- $_ := set $env "OPENSHIFT_API_URL" .Values.auth.openshift.apiUrl }}
{{- $files := list }}
{{- range $i, $_ := .Values.auth.openshift.trust }}{{ $files = append $files (printf "/etc/litemaas/trust/%d.crt" $i) }}{{ end }}
{{- if .Values.auth.openshift.injectTrustedBundle }}{{ $files = append $files "/etc/litemaas/trust/bundle.crt" }}{{ end }}
{{- if $files }}{{ $_ := set $env "OPENSHIFT_CA_FILE" (join "," $files) }}{{ end }}
{{- if .Values.auth.openshift.serviceAccountClient }}
{{- $_ := set $env "OAUTH_CLIENT_ID" (printf "system:serviceaccount:%s:%s" .Release.Namespace $name) }}
{{- else }}
{{- $_ := set $env "OAUTH_CLIENT_ID" $name }}
{{- end }}
{{- else }}
{{- $_ := set $env "OIDC_ISSUER" .Values.auth.oidc.issuer }}
{{- $_ := set $env "OAUTH_CLIENT_ID" .Values.auth.oidc.clientId }}
{{- end }}
{{- range $variable, $value := merge dict .Values.settings $env }}
- name: {{ $variable }}
  value: {{ $value | toString | quote }}
{{- end }}
{{- include "litemaas.databaseEnv" . }}
{{- range $secrets }}
- name: {{ . }}
  valueFrom: {secretKeyRef: {name: {{ $.Values.existingSecret }}, key: {{ . }}}}
{{- end }}
{{- if .Values.tracing.endpoint }}
- name: OTEL_EXPORTER_OTLP_HEADERS
  valueFrom: {secretKeyRef: {name: {{ .Values.existingSecret }}, key: OTEL_EXPORTER_OTLP_HEADERS, optional: true}}
{{- end }}
{{- if include "litemaas.serviceAccountClient" . }}
- name: OAUTH_CLIENT_SECRET
  valueFrom: {secretKeyRef: {name: {{ $name }}-oauth-token, key: token}}
{{- end }}
{{- if .Values.trial.enabled }}
- name: REDIS_URL
  value: redis://{{ $name }}-valkey:6379/0
{{- else }}
- name: REDIS_URL
  valueFrom: {secretKeyRef: {name: {{ .Values.existingSecret }}, key: REDIS_URL, optional: true}}
{{- end }}
{{- end }}
