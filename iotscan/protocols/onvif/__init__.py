"""ONVIF: calls over SOAP, and what the answers tell."""
