"""Celery is a doorbell: it carries a run's id, and whatever it loses the sweep finds (design.md §3)."""

from celery import Celery
from django.conf import settings
from kombu.transport import TRANSPORT_ALIASES, redis

from workspaces.hints import QUEUE


class Doorbell(redis.Transport):
    """A message that nobody can read costs a worker its connection, and not its life."""

    channel_errors = (*redis.Transport.channel_errors, ValueError, LookupError, TypeError)


TRANSPORT_ALIASES["redis"] = f"{__name__}:{Doorbell.__name__}"

app = Celery("countersign")
app.conf.update(
    broker_url=settings.BROKER_URL or "memory://",  # without a broker nothing is rung: workspaces.hints looks first
    result_backend=None,
    task_ignore_result=True,
    task_serializer="json",
    accept_content=["json"],
    task_default_queue=QUEUE,
    task_acks_late=True,
    task_reject_on_worker_lost=True,
    task_publish_retry=False,
    worker_prefetch_multiplier=1,
    worker_hijack_root_logger=False,
    worker_redirect_stdouts=False,
    worker_enable_remote_control=False,
    worker_send_task_events=False,
    broker_connection_retry_on_startup=True,
    broker_connection_max_retries=None,  # for as long as it takes
    broker_connection_timeout=0.5,
    broker_channel_error_retry=True,  # a broker that is full refuses what it is asked; that passes
    broker_transport_options={
        "socket_timeout": 0.5,
        "socket_connect_timeout": 0.5,
        "retry_on_timeout": True,
        "health_check_interval": 10,
        "ack_emulation": False,  # two transactions a ring, to remember what the sweep finds anyway
    },
)
app.autodiscover_tasks()
