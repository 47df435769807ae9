"""Every address of the product."""

from django.contrib import admin
from django.urls import include, path

from config import health
from config.api import api
from config.metrics import metrics

admin.autodiscover()

urlpatterns = [
    path("healthz", health.healthz),
    path("readyz", health.readyz),
    path("metrics", metrics),
    path("api/v1/", api.urls),
    path("admin/", admin.site.urls),
    path("", include("console.urls")),
]

handler400 = "config.errors.bad_request"
handler403 = "config.errors.permission_denied"
handler404 = "config.errors.page_not_found"
handler500 = "config.errors.server_error"
