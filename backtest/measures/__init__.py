"""What a result is measured by: round trips, curves, yardsticks, and who earned what."""
