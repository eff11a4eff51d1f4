"""The settings with which a worker delivers to tests.hearers."""

from config.settings import *  # noqa: F403

SUBSCRIPTIONS = "tests.hearers.SUBSCRIPTIONS"
