"""The one admin site; apps register on `django.contrib.admin.site`, which is an instance of this class."""

from django.contrib.admin import AdminSite


class Site(AdminSite):
    """Countersign's own name on Django's plain admin, which passes the strict content security policy."""

    site_header = site_title = "Countersign"
    index_title = "Configuration"
