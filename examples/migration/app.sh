#!/bin/sh
# Stands for the app that is moved: it shows what it was started with.
env | sort
cat /etc/app/app.conf
