"""The routes of this app; authentication is attached in config."""

from ninja import Router

from agents.api import budgets, calls, forks, runs, schedules, threads

router = Router()
router.add_router("", runs.router)
router.add_router("", forks.router)
router.add_router("", calls.router)
router.add_router("", threads.router)
router.add_router("", schedules.router)
router.add_router("", budgets.router)
