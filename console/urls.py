"""Addresses of the pages."""

from django.urls import path, re_path

from console import (
    agents,
    home,
    live,
    palette,
    preferences,
    profile,
    review,
    run,
    runs,
    saved_views,
    sign_in,
    sign_in_links,
)

urlpatterns = [
    path("", home.home, name="home"),
    path("counts", home.counts, name="counts"),
    path("sign-in", sign_in.sign_in, name="sign-in"),
    path("sign-in/<str:secret>", sign_in_links.follow, name="sign-in-link"),
    path("sign-out", sign_in.sign_out, name="sign-out"),
    path("theme", preferences.choose_theme, name="theme"),
    path("workspace", preferences.choose_workspace, name="workspace"),
    path("live", live.catch_up, name="live"),
    path("palette", palette.palette, name="palette"),
    path("profile", profile.profile, name="profile"),
    path("profile/keys", profile.keep_keys, name="profile-keys"),
    path("review", review.review, name="review"),
    path("review/<uuid:approval_id>", review.approval, name="review-approval"),
    path("review/<uuid:approval_id>/changes", review.changes, name="review-changes"),
    path("review/<uuid:approval_id>/decisions", review.decide, name="review-decisions"),
    path("review/<uuid:approval_id>/decisions/<int:n>/undo", review.undo, name="review-undo"),
    path("saved-views", saved_views.saved_views, name="saved-views"),
    path("saved-views/<int:view_id>/deletion", saved_views.deletion, name="saved-view-deletion"),
    path("runs", runs.runs, name="runs"),
    path("runs/changes", runs.changes, name="runs-changes"),
    path("runs/<uuid:run_id>", run.run, name="run"),
    path("runs/<uuid:run_id>/messages", run.messages, name="run-messages"),
    path("runs/<uuid:run_id>/cancellation", run.cancellation, name="run-cancellation"),
    path("runs/<uuid:run_id>/pause", run.pause, name="run-pause"),
    path("runs/<uuid:run_id>/resumption", run.resumption, name="run-resumption"),
    path("agents", agents.agents, name="agents"),
    re_path(r"^agents/(?P<name>[^\x00]+)$", agents.agent, name="agent"),
]
