"""Outgoing mail, by the settings of the unit."""
import smtplib
import ssl
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import make_msgid

from flask import current_app

TIMEOUT = 30


def send(recipient, subject, text):
    """Sends a mail; False where mail is switched off. Raises OSError (smtplib.SMTPException is one) where it fails."""
    settings = current_app.config
    if settings["MAIL_MODE"] == "none":
        return False
    sender = settings.get("MAIL_SENDER") or "sphere@localhost"
    message = EmailMessage()
    message["From"] = Address(settings["MAIL_SENDER_NAME"], addr_spec=sender)
    message["To"] = Address(addr_spec=recipient)
    message["Subject"] = f"{settings['SITE_NAME']}: {subject}"
    message["Message-ID"] = make_msgid(domain=sender.rpartition("@")[2])
    message.set_content(text)
    with connect(settings) as server:
        server.send_message(message)
    return True


def connect(settings):
    if settings["MAIL_MODE"] == "direct":
        return smtplib.SMTP("localhost", 25, timeout=TIMEOUT)
    host, port, security = settings["MAIL_HOST"], settings["MAIL_PORT"], settings["MAIL_SECURITY"]
    trust = ssl.create_default_context()
    server = smtplib.SMTP_SSL(host, port, timeout=TIMEOUT, context=trust) if security == "tls" else smtplib.SMTP(host, port, timeout=TIMEOUT)
    if security == "starttls":
        server.starttls(context=trust)
    if settings["MAIL_USER"]:
        server.login(settings["MAIL_USER"], settings["MAIL_PASSWORD"])
    return server
