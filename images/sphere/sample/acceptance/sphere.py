"""What the acceptance tests share: a browser's session with the unit, and its database."""
import http.cookiejar
import json
import re
import ssl
import subprocess
import sys
import time
import urllib.error
import urllib.request
import uuid

BASE = "https://127.0.0.1"
# Below the limit of one attempt (wait-ready); whoever runs this asks again until its own deadline.
PATIENCE = 8


def fail(message):
    sys.exit(message)


def eventually(what, ask, seconds=PATIENCE):
    """The first true answer of `ask`."""
    deadline = time.monotonic() + seconds
    while True:
        answer = ask()
        if answer:
            return answer
        if time.monotonic() > deadline:
            fail(f"not in {seconds} s: {what}")
        time.sleep(0.3)


def settings():
    with open("/var/lib/unit/settings.json", encoding="utf-8") as file:
        saved = json.load(file)
    return saved.get("settings", saved)


def superuser():
    with open("/var/lib/unit/secrets/superuser", encoding="utf-8") as file:
        return settings()["product"]["superuserEmail"], file.read()


def query(sql):
    """Rows of the database sphere; values are text."""
    argv = ["setpriv", "--reuid=postgres", "--regid=postgres", "--init-groups", "psql", "-XqAt", "-F", "\t", "sphere", "-c", sql]
    shown = subprocess.run(argv, capture_output=True, text=True, check=True, cwd="/").stdout
    return [line.split("\t") for line in shown.splitlines()]


class Browser:
    def __init__(self):
        trust = ssl._create_unverified_context()  # self-signed, on loopback
        self.opener = urllib.request.build_opener(
            urllib.request.ProxyHandler({}),
            urllib.request.HTTPSHandler(context=trust),
            urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar()),
        )

    def open(self, path, data=None, headers=None):
        """Status, headers and body; redirects are followed."""
        request = urllib.request.Request(path if "://" in path else BASE + path, data=data, headers=headers or {})
        try:
            with self.opener.open(request, timeout=30) as answer:
                return answer.status, answer.headers, answer.read(), answer.url
        except urllib.error.HTTPError as error:
            return error.code, error.headers, error.read(), path

    def token(self, path):
        status, _, body, _ = self.open(path)
        found = re.search(r'name="csrf" value="([0-9a-f]+)"', body.decode())
        if status != 200 or found is None:
            fail(f"GET {path}: {status}, no form")
        return found[1]

    def post(self, path, fields, file=None, form=None):
        """Sends a form as a browser does (RFC 7578); `file` is name, file name, media type and bytes."""
        boundary = uuid.uuid4().hex
        parts = [f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'.encode() for name, value in {**fields, "csrf": self.token(form or path)}.items()]
        if file is not None:
            name, file_name, media_type, content = file
            head = f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"; filename="{file_name}"\r\nContent-Type: {media_type}\r\n\r\n'
            parts.append(head.encode() + content + b"\r\n")
        body = b"".join(parts) + f"--{boundary}--\r\n".encode()
        return self.open(path, body, {"Content-Type": f"multipart/form-data; boundary={boundary}"})

    def log_in(self):
        email, password = superuser()
        status, _, body, _ = self.post("/login", {"email": email, "password": password})
        if status != 200 or email not in body.decode():
            fail(f"POST /login: {status}")
        return self

    def create(self, file=None, **fields):
        """Makes a card and gives its address."""
        status, _, body, url = self.post("/cards", fields, file)
        found = re.search(r"/cards/[0-9]+$", url)
        if status != 200 or found is None:
            fail(f"POST /cards: {status} {body[:200]!r}")
        return found[0]

    def card(self, path):
        return json.loads(self.open(path, headers={"Accept": "application/json"})[2])
