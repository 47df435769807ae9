"""Imported once, by the process that children are forked from, so that each starts with Django and all tools loaded."""

import gc
import os

import django

from agents.tools import registry

os.setpgid(0, 0)  # a signal to the worker's group must not end its children before the worker is done with them
django.setup()
registry.discover()
gc.freeze()  # what is loaded now stays shared between the children
