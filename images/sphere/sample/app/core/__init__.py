"""A sample that stands for the core of Sphere BPMS. `celery -A sphere` finds its application here."""
from .background import celery

__all__ = ["celery"]
