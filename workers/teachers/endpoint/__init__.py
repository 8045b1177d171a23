"""A teacher behind an OpenAI-compatible endpoint: a vLLM server, a hosted API."""
