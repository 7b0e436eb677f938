#!/bin/sh
# A placeholder for the app: it prints its environment and config file.
env | sort
cat /etc/app/app.conf
