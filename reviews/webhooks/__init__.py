"""Webhooks: deliveries are made from event rows, signed as Standard Webhooks has it, and sent by the sweep."""
