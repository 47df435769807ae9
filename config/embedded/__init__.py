"""PostgreSQL, Valkey and the supervisor that `manage.py up` runs; standard library only, so that they start fast."""
