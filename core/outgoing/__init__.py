"""Requests that leave this house (endpoints, webhooks): to public addresses and to those the operator named."""
