"""The commands of `starter.py`: what can be typed. What each does is in `console/`."""
