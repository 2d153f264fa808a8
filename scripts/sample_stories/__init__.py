"""The stories that `sample-events.py` tells."""
