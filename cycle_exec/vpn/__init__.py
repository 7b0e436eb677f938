"""Logins of an OpenVPN server, judged by the platform. Pure."""
