"""A workspace full of invented work, in the numbers that pages are measured with (`manage.py seed`)."""
