"""The fields of configs: allowed values, contradictions, and configs of earlier versions."""
