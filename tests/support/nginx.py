"""nginx as a user who is not root can start it, in a directory `@`."""

from __future__ import annotations

# In the http block, so that any user can start it.
BELOW = """\
    access_log off;
    client_body_temp_path @/body;
    proxy_temp_path @/proxy;
    fastcgi_temp_path @/fastcgi;
    uwsgi_temp_path @/uwsgi;
    scgi_temp_path @/scgi;
"""
_TLS = """
daemon off;
pid @/nginx.pid;
error_log stderr warn;
worker_processes 2;
events { worker_connections 64; }
http {
BELOW
    server {
        listen 127.0.0.1:{{ variables.PORT }} ssl;
        ssl_certificate {{ certificates["app.example.test"].paths.fullchain }};
        ssl_certificate_key {{ certificates["app.example.test"].paths.privkey }};
        location / { return 200 ANSWER; }
    }
}
"""


def tls(answer: str) -> str:
    """The template of a config with one TLS server, and what it answers."""
    return _TLS.replace("BELOW", BELOW).replace("ANSWER", answer)
