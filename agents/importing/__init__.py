"""Recorded conversations from elsewhere, as finished runs or played back through the runtime."""
