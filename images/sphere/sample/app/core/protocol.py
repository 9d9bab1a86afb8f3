"""Every request of a user is logged, in the background (seed: "логгирование каждого запроса пользователя")."""
from flask import request
from kombu.exceptions import OperationalError

from .models import now
from .users import current_user


def record(application):
    @application.after_request
    def after(response):
        user = current_user()
        if user is not None and request.endpoint != "pages.health":
            log(f"{request.method} {request.path} {response.status_code}", user_id=user.id)
        return response


def log(action, user_id=None, card_id=None):
    later("save_event", now().isoformat(), action[:200], user_id, card_id)


def later(task, *arguments):
    """Hands a task to celery; without the broker the page is shown all the same, and the failure is logged."""
    from flask import current_app

    from . import tasks

    try:
        getattr(tasks, task).delay(*arguments)
    except OperationalError:
        current_app.logger.exception("the broker is away: %s was not handed over", task)
