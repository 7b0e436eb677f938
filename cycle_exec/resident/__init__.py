"""The deciding half of PID 1: what happens, and what is done about it. Pure."""
