"""What check commands see: the targets as they will be, before anything is swapped."""
