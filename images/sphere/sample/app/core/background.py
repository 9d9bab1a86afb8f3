"""Background work: celery on RabbitMQ. Tasks run within an application of their own, made once a process."""
import functools

import config
from celery import Celery, Task


@functools.cache
def _application():
    from .application import create_application

    return create_application()


class ApplicationTask(Task):
    abstract = True

    def __call__(self, *arguments, **options):
        with _application().app_context():
            return self.run(*arguments, **options)


celery = Celery("sphere", broker=config.CELERY_BROKER_URL, task_cls=ApplicationTask, include=["sphere.tasks"])
celery.conf.update(
    task_ignore_result=True,
    task_acks_late=True,
    timezone=config.TIME_ZONE,
    worker_concurrency=config.BACKGROUND_WORKERS,
    worker_hijack_root_logger=False,
    broker_connection_retry_on_startup=True,
    # A broker that is away must not keep a page from being shown.
    task_publish_retry_policy={"max_retries": 1, "interval_start": 0.2},
    beat_schedule={"overdue": {"task": "sphere.tasks.mark_overdue", "schedule": config.OVERDUE_INTERVAL}},
)
