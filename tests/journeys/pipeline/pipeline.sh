#!/bin/sh
# A release pipeline as a team writes it: run the suites, push the run with their scorecard, wait for the gate.
#
#   READINESS_URL=… READINESS_TOKEN=… pipeline.sh PROJECT VERSION RUN_DIR CHECKLIST
set -eu
project=$1 version=$2 run=$3 checklist=$4

readiness run --release "$version" --output-dir build --quiet
readiness push "$run" --release "$project/$version" --environment production --checklist "$checklist" \
  --scorecard build/readiness-scorecard.json
readiness gate "$project/$version" --environment production --wait 5m
