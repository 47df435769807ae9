from django.apps import AppConfig


class ReviewsConfig(AppConfig):
    """Who may act: policies, approvals, decisions."""

    name = "reviews"
