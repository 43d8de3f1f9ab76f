"""What every mail has: who it is from and for, and its text."""

from __future__ import annotations

from dataclasses import dataclass
from email.message import EmailMessage
from email.utils import format_datetime, make_msgid, parseaddr

from trading.agents.envelope import plain
from trading.notices import Notice

MOST_SUBJECT = 200


@dataclass(frozen=True, slots=True)
class Letters:
    """Sender and receivers of one list: all of them get the same mail."""

    sender: str
    receivers: tuple[str, ...]

    @property
    def domain(self) -> str:
        """Where the sender's mailbox is."""
        return parseaddr(self.sender)[1].rpartition("@")[2] or "localhost"

    def subject(self, notice: Notice) -> str:
        """One line, whatever the notice's title holds: a second one would be a header of its own."""
        return plain(notice.title, MOST_SUBJECT)

    def letter(self, notice: Notice) -> EmailMessage:
        """The mail in full. Repeated it is another mail of the same text."""
        letter = EmailMessage()
        letter["From"] = self.sender
        letter["To"] = ", ".join(self.receivers)
        letter["Subject"] = self.subject(notice)
        letter["Date"] = format_datetime(notice.raised_at)
        letter["Message-ID"] = make_msgid(domain=self.domain)
        letter["Auto-Submitted"] = "auto-generated"
        letter["X-Priority"] = "1" if notice.severity == "critical" else "3"
        letter.set_content(notice.body)
        return letter
