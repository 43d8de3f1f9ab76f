"""The channels on which persons are told: Discord, mail by SMTP and by Amazon SES, and whatever Apprise knows.

Each keeps the port `Notifier`. What goes wrong is told without addresses, keys and the vendor's own words.
"""
