"""Headers of every answer: pages, errors, redirects, the API, downloads, static files.

The outermost middleware, so that nothing is answered without them. Pages have the content security policy
of the settings; what comes as a download never runs anywhere, whatever was uploaded. Trusted Types are not
demanded of browsers: htmx makes fragments from texts, and a policy that lets all of them pass would say
nothing.
"""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest
from django.http.response import HttpResponseBase

# What is saved rather than shown: if somebody opens it all the same, it is nobody's page.
DOWNLOAD_POLICY = "sandbox; default-src 'none'"
API_POLICY = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
# Everything that browsers know is off; passkeys are for our own pages.
CLOSED = (
    "accelerometer", "ambient-light-sensor", "attribution-reporting", "autoplay", "bluetooth",
    "browsing-topics", "camera", "captured-surface-control", "compute-pressure", "cross-origin-isolated",
    "deferred-fetch", "deferred-fetch-minimal", "display-capture", "encrypted-media", "fullscreen", "gamepad",
    "geolocation", "gyroscope", "hid", "identity-credentials-get", "idle-detection", "keyboard-map",
    "local-fonts", "magnetometer", "microphone", "midi", "otp-credentials", "payment", "picture-in-picture",
    "private-state-token-issuance", "private-state-token-redemption", "screen-wake-lock", "serial",
    "speaker-selection", "storage-access", "summarizer", "translator", "language-detector", "usb",
    "web-share", "window-management", "xr-spatial-tracking", "clipboard-read", "clipboard-write",
)  # fmt: skip
OWN = ("publickey-credentials-create", "publickey-credentials-get")
PERMISSIONS = ", ".join([*(f"{name}=()" for name in CLOSED), *(f"{name}=(self)" for name in OWN)])
ALWAYS = {
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Origin-Agent-Cluster": "?1",
    "Permissions-Policy": PERMISSIONS,
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "X-Permitted-Cross-Domain-Policies": "none",
}


class HeadersMiddleware:
    """Sets them, and replaces what a view set more loosely."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        for name, value in ALWAYS.items():
            response[name] = value
        if response.headers.get("Content-Disposition", "").startswith("attachment"):
            response["Content-Security-Policy"] = DOWNLOAD_POLICY
        elif request.path_info.startswith("/api/v1/"):
            response["Content-Security-Policy"] = API_POLICY
        return response
