"""Speed and agreement beside other engines, in one run. Never part of the tests: a timing is no truth."""
