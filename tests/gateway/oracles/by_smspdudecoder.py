"""smspdudecoder (PyPI) at both ends: reads SMS-SUBMIT, and puts SMS-DELIVER together from what it encodes.

A JSON object a line: {"decode": [hexadecimal…]} or {"encode": {"from": …, "text": …, "reference": …}}.
"""
import json
import sys
from datetime import datetime, timezone
from io import StringIO

from smspdudecoder.codecs import GSM, UCS2
from smspdudecoder.elements import Date, Number, TypeOfAddress
from smspdudecoder.fields import SMSSubmit


def decode(pdus):
    parts = []
    for pdu in pdus:
        read = SMSSubmit.decode(StringIO(pdu))
        header = read["user_data"]["header"]
        place = None
        for element in header["elements"] if header else []:
            if element["iei"] in (0x00, 0x08):
                data = element["data"]
                place = [data["reference"], data["parts_count"], data["part_number"]]
        recipient = read["recipient"]
        number = ("+" if recipient["toa"]["ton"] == "international" else "") + recipient["number"]
        # Surrogates come as two characters: together they are one.
        text = read["user_data"]["data"].encode("utf-16", "surrogatepass").decode("utf-16")
        parts.append({"to": number, "text": text, "place": place})
    return {"parts": parts}


def pieces(text):
    """The text as it is cut, by a rule of our own: whole characters, full parts."""
    try:
        GSM.encode(text)
        size, room, most = (lambda c: 2 if c in "\f^{}\\[~]|€" else 1), 153, 160
        gsm = True
    except ValueError:
        size, room, most = (lambda c: len(c.encode("utf-16-be")) // 2), 67, 70
        gsm = False
    if sum(map(size, text)) <= most:
        return gsm, [text]
    cut, length = [""], 0
    for c in text:
        if length + size(c) > room:
            cut.append("")
            length = 0
        cut[-1] += c
        length += size(c)
    return gsm, cut


def encode(sender, text, reference):
    international = sender.startswith("+")
    digits = sender.lstrip("+")
    kind = TypeOfAddress.encode({"ton": "international" if international else "unknown", "npi": "isdn"})
    address = f"{len(digits):02X}{kind}{Number.encode(digits)}"
    time = Date.encode(datetime(2026, 11, 23, 1, 0, 0, tzinfo=timezone.utc))
    gsm, cut = pieces(text)
    pdus = []
    for n, piece in enumerate(cut, 1):
        header = f"050003{reference:02X}{len(cut):02X}{n:02X}" if len(cut) > 1 else ""
        if gsm:
            # Seven characters of zeros make room for a header of six octets and its filling.
            septets = len(piece) + sum(c in "\f^{}\\[~]|€" for c in piece) + (7 if header else 0)
            data = GSM.encode("@" * (7 if header else 0) + piece)
            data = header + data[len(header) :]
            length = septets
        else:
            data = header + UCS2.encode(piece)
            length = len(data) // 2
        first = "44" if header else "04"
        pdus.append(f"00{first}{address}00{'00' if gsm else '08'}{time}{length:02X}{data}")
    return {"pdus": pdus}


for line in sys.stdin:
    asked = json.loads(line)
    try:
        if "decode" in asked:
            answer = decode(asked["decode"])
        else:
            answer = encode(asked["encode"]["from"], asked["encode"]["text"], asked["encode"]["reference"])
    except Exception as error:  # Its faults are the test's to judge.
        answer = {"error": f"{type(error).__name__}: {error}"}
    print(json.dumps(answer), flush=True)
