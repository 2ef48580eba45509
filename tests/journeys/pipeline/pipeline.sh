#!/bin/sh
# A release pipeline as a team writes it: run the suites, push the run, register the scorecard, wait for the gate.
#
#   READINESS_URL=… READINESS_TOKEN=… pipeline.sh PROJECT VERSION RUN_DIR CHECKLIST
set -eu
project=$1 version=$2 run=$3 checklist=$4
scorecards="$READINESS_URL/api/v1/projects/$project/releases/$version/scorecards"

# post ADDRESS FILE: the token travels in a header, never on a command line
post() {
  python -c '
import os, sys, urllib.request
headers = {"Authorization": "Bearer " + os.environ["READINESS_TOKEN"], "Content-Type": "application/json"}
request = urllib.request.Request(sys.argv[1], open(sys.argv[2], "rb").read(), headers)
print(urllib.request.urlopen(request).read().decode())
' "$1" "$2"
}

readiness run --release "$version" --output-dir build --quiet
readiness push "$run" --release "$project/$version" --environment production --checklist "$checklist"
post "$scorecards" build/readiness-scorecard.json

readiness gate "$project/$version" --environment production --wait 5m
