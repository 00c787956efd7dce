"""Whether a message is Amazon SNS's own, and of a topic we were told of.

SNS signs some of a message's fields with RSA (version 1 over SHA-1, version 2 over SHA-256) and names the
address of the certificate. Anybody may write any address there, so it counts only where the host is SNS's;
and anybody may have SNS sign messages of a topic of their own, so the topic has to be one of the source's.
Source: https://docs.aws.amazon.com/sns/latest/dg/sns-verify-signature-of-message.html
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Mapping
from datetime import datetime, timedelta

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.hashes import SHA1, SHA256

from handlers.alerts.vendors.contract import NotGenuine, Settings
from handlers.alerts.vendors.proving import SKEW
from handlers.alerts.vendors.values import moment

OLDEST = timedelta(minutes=90)
"""SNS tries an HTTPS endpoint again for an hour of waiting at most, to which the time of the tries themselves
comes; what is older is somebody's copy.
Source: https://docs.aws.amazon.com/sns/latest/dg/sns-message-delivery-retries.html"""

_OF_SUBSCRIPTIONS = ("Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type")
SIGNED = {
    "Notification": ("Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type"),
    "SubscriptionConfirmation": _OF_SUBSCRIPTIONS,
    "UnsubscribeConfirmation": _OF_SUBSCRIPTIONS,
}
"""By type, the fields under the signature, in their order. A Subject may be missing."""

_HOST = r"https://sns\.[a-z]{2}(?:-[a-z]+){1,3}-\d{1,2}\.amazonaws\.com(?:\.cn)?"
_CERTIFICATE = re.compile(_HOST + r"/[A-Za-z0-9._-]+\.pem", re.ASCII)
_SUBSCRIBE = re.compile(_HOST + r"/\?[\x21\x23-\x3b\x3d\x3f-\x7e]+", re.ASCII)
_HASHES = {"1": SHA1, "2": SHA256}


def of_a_topic(message: Mapping[str, object], settings: Settings) -> None:
    """Raises NotGenuine."""
    topics = settings.options.get("topics")
    allowed = topics.split() if isinstance(topics, str) else topics
    if not isinstance(allowed, list | tuple):
        allowed = ()
    if not allowed:
        raise NotGenuine("This source has no `topics`: an admin names there the ARN of each topic that may "
                         "send here.")
    if message.get("TopicArn") not in [str(each).strip(" ,") for each in allowed]:
        raise NotGenuine("The message's topic is none of this source's `topics`.")


def certificate(message: Mapping[str, object]) -> str:
    """The address of the certificate. Raises NotGenuine where the host is not SNS's."""
    url = message.get("SigningCertURL")
    if not (isinstance(url, str) and len(url) < 500 and _CERTIFICATE.fullmatch(url)):
        raise NotGenuine("SigningCertURL is no certificate at https://sns.<region>.amazonaws.com.")
    return url


def is_subscribe_url(url: object) -> bool:
    return isinstance(url, str) and len(url) < 2000 and _SUBSCRIBE.fullmatch(url) is not None


def is_of_sns(url: str) -> bool:
    """Whether it is an address that SNS gives out: a certificate, or one that confirms a subscription."""
    return len(url) < 2000 and (_CERTIFICATE.fullmatch(url) is not None or is_subscribe_url(url))


def in_time(message: Mapping[str, object], at: datetime) -> None:
    """Raises NotGenuine."""
    sent = moment(message.get("Timestamp"))
    if sent is None:
        raise NotGenuine("The message's Timestamp is no moment.")
    if not at - OLDEST <= sent <= at + SKEW:
        raise NotGenuine("The message's Timestamp is more than 90 minutes old or ahead of our clock; SNS "
                         "itself gives up after an hour.")


def signed(message: Mapping[str, object], pem: bytes | None, at: datetime) -> None:
    """Raises NotGenuine."""
    made_with = _HASHES.get(str(message.get("SignatureVersion")))
    if made_with is None:
        raise NotGenuine("The message's SignatureVersion is neither 1 nor 2.")
    try:
        signature = base64.b64decode(str(message.get("Signature") or ""), validate=True)
        _key(pem, at).verify(signature, _canonical(message), PKCS1v15(), made_with())
    except (InvalidSignature, binascii.Error, ValueError):
        raise NotGenuine("The message's signature does not fit it.") from None
    except UnsupportedAlgorithm:
        raise NotGenuine("This machine checks no SHA-1: set the topic's SignatureVersion to 2.") from None


def _key(pem: bytes | None, at: datetime) -> RSAPublicKey:
    """The certificate's, where it is valid at `at`. Raises NotGenuine."""
    if pem is None:
        raise NotGenuine("The certificate of SNS could not be fetched.")
    try:
        read = x509.load_pem_x509_certificate(pem)
        key, begins, ends = read.public_key(), read.not_valid_before_utc, read.not_valid_after_utc
    except (ValueError, TypeError, UnsupportedAlgorithm, x509.InvalidVersion):
        raise NotGenuine("What lies at SigningCertURL is no certificate.") from None
    if not isinstance(key, RSAPublicKey):
        raise NotGenuine("The certificate at SigningCertURL has no RSA key.")
    if not begins <= at <= ends:
        raise NotGenuine("The certificate at SigningCertURL is not valid now.")
    return key


def _canonical(message: Mapping[str, object]) -> bytes:
    """A line with each name, a line with its value. Raises NotGenuine."""
    lines = ""
    for name in SIGNED.get(str(message.get("Type")), ()):
        value = message.get(name)
        if value is None and name == "Subject":
            continue
        if not isinstance(value, str):
            raise NotGenuine(f"The message's {name}, which its signature covers, is missing.")
        lines += f"{name}\n{value}\n"
    try:
        return lines.encode()
    except UnicodeEncodeError:
        raise NotGenuine("The message holds half a character.") from None
