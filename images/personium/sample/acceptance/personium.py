"""What the acceptance tests share: requests to the unit by its names, and the unit administrator's token."""
import http.client
import json
import ssl
import sys
import time
import urllib.parse
import uuid

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


def secret(name):
    with open(f"/var/lib/unit/secrets/{name}", encoding="utf-8") as file:
        return file.read()


DOMAIN = settings()["domain"]["name"]
BY_PATH = settings()["product"].get("cellUrls") == "path"
UNIT = f"https://{DOMAIN}/"


def cell_url(name):
    return f"{UNIT}{name}/" if BY_PATH else f"https://{name}.{DOMAIN}/"


def ask(method, url, body=None, token=None, headers=None):
    """Status, headers and body of a request through nginx; the name need not be known to any DNS."""
    host, path = url.removeprefix("https://").split("/", 1)
    kind = "application/json"
    if isinstance(body, dict):
        body = json.dumps(body).encode()
    elif isinstance(body, str):
        body, kind = body.encode(), "application/x-www-form-urlencoded"
    sent = {"Host": host, "Accept": "application/json", **({} if body is None else {"Content-Type": kind})}
    if token is not None:
        sent["Authorization"] = f"Bearer {token}"
    connection = http.client.HTTPSConnection("127.0.0.1", 443, timeout=60, context=ssl._create_unverified_context())
    connection.request(method, f"/{path}", body, {**sent, **(headers or {})})
    answer = connection.getresponse()
    return answer.status, answer.headers, answer.read()


def must(expected, method, url, body=None, token=None, headers=None):
    """The answer's body, where its status is the one expected."""
    status, _, text = ask(method, url, body, token, headers)
    if status != expected:
        fail(f"{method} {url}: {status} instead of {expected}: {text[:300]!r}")
    return text


def log_in(cell, name, password, target=None):
    form = {"grant_type": "password", "username": name, "password": password, **({} if target is None else {"p_target": target})}
    return ask("POST", f"{cell_url(cell)}__token", urllib.parse.urlencode(form))


def administrator():
    """A token of the unit administrator."""
    status, _, text = log_in("unitadmin", "unitadmin", secret("unitadmin"), UNIT)
    if status != 200:
        fail(f"the unit administrator gets no token: {status} {text[:300]!r}")
    return json.loads(text)["access_token"]


def new_cell(token):
    """A Cell of a new name, for this test alone."""
    name = f"t{uuid.uuid4().hex[:12]}"
    must(201, "POST", f"{UNIT}__ctl/Cell", {"Name": name}, token)
    return name


def new_box(token):
    cell = new_cell(token)
    must(201, "POST", f"{cell_url(cell)}__ctl/Box", {"Name": "box1"}, token)
    return cell, f"{cell_url(cell)}box1/"
