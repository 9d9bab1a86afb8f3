"""Pictures: what they are is decided by their first bytes, never by a name; conversion by ImageMagick."""
import os
import secrets
import subprocess

SIGNATURES = {b"\x89PNG\r\n\x1a\n": "png", b"\xff\xd8\xff": "jpeg", b"GIF87a": "gif", b"GIF89a": "gif"}
LIMITS = ["-limit", "memory", "256MiB", "-limit", "map", "512MiB", "-limit", "disk", "1GiB", "-limit", "width", "16KP", "-limit", "height", "16KP", "-limit", "time", "120"]


def kind_of(head):
    return next((kind for signature, kind in SIGNATURES.items() if head.startswith(signature)), None)


def save(upload, folder):
    """Keeps an uploaded picture under a name of its own; None where it is no picture."""
    head = upload.stream.read(16)
    kind = kind_of(head)
    if kind is None:
        return None
    upload.stream.seek(0)
    name = f"{secrets.token_hex(16)}.{kind}"
    upload.save(os.path.join(folder, name))
    return name


def convert(source, target):
    """The first frame, upright, at most 320 pixels, without metadata. The format is named: ImageMagick must not guess."""
    kind = os.path.splitext(source)[1][1:]
    partial = f"{target}.part"
    subprocess.run(
        ["magick", *LIMITS, f"{kind}:{source}[0]", "-auto-orient", "-thumbnail", "320x320>", "-strip", f"png:{partial}"],
        check=True, capture_output=True, timeout=180,
    )  # fmt: skip
    os.replace(partial, target)
