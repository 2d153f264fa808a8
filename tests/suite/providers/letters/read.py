"""A mail as Python's own reader (email, policy.default) sees it, and whether dkimpy believes its signatures, as JSON.

Arguments: the mail, and a file with the records of its keys (`SELECTOR TEXT` a line).
"""

import base64
import email
import json
import sys
from email import policy

import dkim

raw = open(sys.argv[1], "rb").read()
records = dict(line.rstrip().split(" ", 1) for line in open(sys.argv[2]))
mail = email.message_from_bytes(raw, policy=policy.default)
parts = list(mail.walk())


def text(kind):
    part = mail.get_body(preferencelist=(kind,))
    return part.get_content().replace("\r\n", "\n").rstrip("\n")


def data(part):
    return base64.b64encode(part.get_payload(decode=True)).decode()


def dns(name, timeout=5):
    return records[name.decode().split(".")[0]].encode()


print(json.dumps({
    "subject": str(mail["subject"]),
    "from": mail["from"].addresses[0].addr_spec,
    "date": mail["date"].datetime.timestamp(),
    "message_id": str(mail["message-id"]),
    "list_id": str(mail["list-id"]),
    "unsubscribe": str(mail["list-unsubscribe"]),
    "post": str(mail["list-unsubscribe-post"]),
    "plain": text("plain"),
    "html": text("html"),
    "shown": [[p["content-id"].strip("<> "), p.get_content_type(), data(p)] for p in parts if p["content-id"]],
    "attached": [[p.get_filename(), p.get_content_type(), data(p)] for p in mail.iter_attachments()],
    "tree": [p.get_content_type() for p in parts],
    "defects": [str(d) for p in parts for d in p.defects]
    + [f"{name}: {d}" for p in parts for name, value in p.items() for d in getattr(value, "defects", [])],
    "signed": dkim.DKIM(raw).verify(dnsfunc=dns),
}))
