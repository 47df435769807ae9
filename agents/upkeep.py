"""What the sweep does once an hour for the tables of this app."""

from agents import blobs
from workspaces.upkeep import Upkeep

upkeep = Upkeep(blobs.sweep_unused)
