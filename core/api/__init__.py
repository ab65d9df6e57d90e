"""The conventions of the HTTP API: problems, pages, strict input, the OpenAPI document."""
