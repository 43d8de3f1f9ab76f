"""The rules of trading. Pure: no input or output, no clock, no randomness, no environment, no Temporal."""
