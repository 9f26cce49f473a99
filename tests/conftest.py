"""Settings for all tests."""

from hypothesis import settings

settings.register_profile("golive", deadline=None)  # how long an example takes says nothing about what it shows
settings.load_profile("golive")
