"""What programs use to talk with the internal API themselves: notifications."""
