"""Sending one message: a mail by Django, a chat or pager message by apprise, whose address is a secret."""

from __future__ import annotations

import logging
import smtplib

from django.conf import settings
from django.core.mail import EmailMessage, get_connection

from checklists.models import Message
from checklists.outbox import MAIL


class Failed(Exception):
    """It did not go out. `final`: trying again is of no use."""

    def __init__(self, why: str, *, final: bool = False) -> None:
        super().__init__(why)
        self.final = final


class Unknown(Exception):
    """It may have gone out or not; it must not be sent again."""


def send(message: Message) -> None:
    """Send it now. Raises Failed, Unknown."""
    if message.channel == MAIL:
        _mail(message)
    else:
        _channel(message)


def _mail(message: Message) -> None:
    connection = get_connection(fail_silently=False)
    try:
        connection.open()
    except (OSError, smtplib.SMTPException) as error:
        raise Failed(f"The mail server could not be asked: {_words(error)}.") from None
    mail = EmailMessage(
        message.subject,
        message.body,
        to=[message.to],
        connection=connection,
        # The same at every try, so that a mail server or reader can drop a second copy.
        headers={"Message-ID": f"<readiness-{message.pk}@{_domain()}>"},
    )
    try:
        mail.send()
    except smtplib.SMTPRecipientsRefused as error:
        code, words = next(iter(error.recipients.values()))
        raise _refused(code, words) from None
    except smtplib.SMTPResponseException as error:
        raise _refused(error.smtp_code, error.smtp_error) from None
    except (OSError, smtplib.SMTPException) as error:
        raise Unknown(
            f"The connection broke while the mail was handed over ({_words(error)}); it may have arrived."
        ) from None
    finally:
        connection.close()


def _refused(code: int, words: bytes | str) -> Failed:
    text = words.decode("utf-8", "replace") if isinstance(words, bytes) else words
    return Failed(f"The mail server refused it: {code} {' '.join(text.split())[:160]}", final=code >= 500)


def _words(error: Exception) -> str:
    return str(error)[:160].rstrip(".") or type(error).__name__


def _domain() -> str:
    return str(settings.DEFAULT_FROM_EMAIL).rpartition("@")[2].rstrip(">") or "localhost"


def _channel(message: Message) -> None:
    address = settings.CHANNELS.get(message.channel)
    if address is None:
        raise Failed(f"The operator no longer has a channel {message.channel!r}.", final=True)
    import apprise  # slow to import; only workers that send need it

    # Address and details of what goes wrong stay out of row and log: they hold the channel's token.
    logging.getLogger("apprise").setLevel(logging.CRITICAL + 1)
    sender = apprise.Apprise()
    if not sender.add(address):
        raise Failed(f"The address of channel {message.channel!r} is not understood.", final=True)
    if not sender.notify(title=message.subject, body=message.body, body_format=apprise.NotifyFormat.TEXT):
        raise Failed(f"Channel {message.channel!r} did not take the message.")
